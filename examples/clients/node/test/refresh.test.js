// Refreshes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectTo, failsWith, needsServer, startClient, startServer } from './server.js'

const LOADED = {
  id: 'loaded',
  fields: [
    { name: 'n', type: 'int' },
    { name: 'm', type: 'map', fields: [{ name: 't', type: 'string' }] }
  ],
  loader: { endpoint: 'grpc://127.0.0.1:1' }
}

test('a refresh fills the next generation and makes it live', needsServer, async (t) => {
  const server = await startServer(t)
  const client = await connectTo(t, server)
  await client.saveDatasource(LOADED)
  const began = new Date(1_700_000_000_000)
  const { outcome, refresh } = await client.beginRefresh('loaded', { loadId: 'one', trigger: 'forced' })
  assert.equal(outcome, 'granted')
  assert.deepEqual(
    refresh.datasource.fields.map(({ name }) => name),
    ['n', 'm']
  )
  const rows = [
    { id: 'a', values: [1, { t: 'x' }] },
    { id: 'b', values: [null, { t: 'y' }] },
    { id: 'a', values: [2] }
  ]
  await Promise.all([
    refresh.load(rows.slice(0, 2), { rows: 2, bytes: 20, calls: 1 }),
    refresh.load(rows.slice(2), { rows: 3, bytes: 30, calls: 1 })
  ])
  await assert.rejects(
    refresh.load([{ id: 'c', values: ['text'] }]),
    failsWith('invalid_argument', { field: 'n', position: 0 })
  )
  await refresh.renew()
  assert.equal((await client.getLoad('one')).state, 'running')

  const other = await connectTo(t, server)
  const busy = await other.beginRefresh('loaded', { loadId: 'two', trigger: 'forced' })
  assert.equal(busy.outcome, 'busy')
  assert.equal(busy.load.loadId, 'one')

  assert.deepEqual(await client.query('loaded').toArray(), [])
  const counts = await refresh.finish()
  assert.deepEqual([counts.received, counts.duplicates, counts.rows], [3, 1, 2])
  const { generation } = await refresh.commit(began)
  assert.deepEqual(await client.query('loaded').toArray(), [
    { _id: 'b', n: null, m: { t: 'y' } },
    { _id: 'a', n: 2, m: { t: null } }
  ])
  assert.equal((await client.getDatasource('loaded')).data.loadedAt, began.getTime())
  const report = await client.getLoad('one')
  assert.deepEqual([report.state, report.generation, report.counts.rows], ['succeeded', generation, 3])
  assert.deepEqual(await client.beginRefresh('loaded', { loadId: 'three', seenGeneration: 0 }), {
    outcome: 'ended',
    generation
  })
})

test('a refresh that is given up is told to those who come, and holds the next one back', needsServer, async (t) => {
  const client = await startClient(t)
  await client.saveDatasource(LOADED)
  const { refresh } = await client.beginRefresh('loaded', { loadId: 'one', seenGeneration: 1000 })
  await refresh.abort({ kind: 'data', error: { reason: 'loader_failed', message: 'row 7 has no id' } })
  const failed = await client.beginRefresh('loaded', { loadId: 'two', seenGeneration: 1000 })
  assert.equal(failed.outcome, 'failed')
  assert.equal(failed.failure.kind, 'data')
  assert.equal(failed.failure.error.message, 'row 7 has no id')
  assert.equal(failed.count, 1)
  await assert.rejects(refresh.load([{ id: 'a', values: [] }]), failsWith('failed_precondition'))
})

test('a row with a position that no field has is refused, and the server lives on', needsServer, async (t) => {
  const client = await startClient(t)
  await client.saveDatasource(LOADED)
  const { refresh } = await client.beginRefresh('loaded', { loadId: 'one', trigger: 'forced' })
  const beyond = refresh.datasource.fields.length
  const values = Array.from({ length: beyond + 1 }, (_, n) => (n === beyond ? 1 : null))
  await assert.rejects(refresh.load([{ id: 'a', values }]), failsWith('invalid_argument', { position: 0 }))
  await client.ping()
  await refresh.load([{ id: 'a', values: [1] }])
  assert.equal((await refresh.finish()).received, 1)
})
