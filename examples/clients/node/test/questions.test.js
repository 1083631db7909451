// Queries, counts, distinct values, plans and snapshots.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { merge } from '../src/index.js'
import { startWithPeople } from './people.js'
import { failsWith, needsServer } from './server.js'

const ids = (rows) => rows.map(({ _id }) => _id)

test('a query filters, sorts, skips, takes and projects', needsServer, async (t) => {
  const client = await startWithPeople(t)
  const ask = async (query) => ids(await client.query('people', query).toArray())
  assert.deepEqual(await ask({ filter: { field: 'team', value: 'red' }, sort: ['-age'], take: 3 }), [
    'p27',
    'p24',
    'p21'
  ])
  assert.deepEqual(await ask({ filter: { field: 'age', op: 'between', value: [3, 5] }, sort: ['age'] }), [
    'p3',
    'p4',
    'p5'
  ])
  assert.deepEqual(await ask({ filter: { field: 'age', op: 'in', value: [3, 8, 99] }, sort: ['age'] }), ['p3', 'p8'])
  assert.deepEqual(await ask({ filter: { field: 'age', op: 'isnull', value: true } }), ['p0', 'p10', 'p20'])
  assert.deepEqual(await ask({ filter: { field: 'name', op: 'eq', value: 'NAME 7' } }), ['p7'])
  assert.deepEqual(await ask({ filter: { field: 'age', text: '7' } }), ['p7'])
  assert.deepEqual(
    await ask({ filter: { and: [{ field: 'age', op: 'lt', value: 4 }, { not: { field: 'team', value: 'red' } }] } }),
    ['p1', 'p2']
  )
  assert.deepEqual(
    await ask({
      filter: {
        or: [
          { field: '_id', value: 'p4' },
          { field: 'age', value: 9 }
        ]
      }
    }),
    ['p4', 'p9']
  )
  assert.deepEqual(await ask({ sort: [{ field: 'age', descending: true, nullsFirst: true }], skip: 2, take: 2 }), [
    'p20',
    'p29'
  ])
  assert.deepEqual(await client.query('people', { columns: ['age'], take: 1 }).toArray(), [{ _id: 'p0', age: null }])
  assert.deepEqual(await client.query('people', { columns: [], take: 1 }).toArray(), [{ _id: 'p0' }])
})

test('a question that is wrong is answered by what is wrong with it', needsServer, async (t) => {
  const client = await startWithPeople(t, 1)
  await assert.rejects(client.query('nobody').toArray(), failsWith('not_found', { field: 'datasource' }))
  await assert.rejects(
    client.query('people', { sort: ['agee'] }).toArray(),
    failsWith('invalid_argument', { field: 'agee' })
  )
  await assert.rejects(
    client.count('people', { filter: { field: 'nam', value: 'x' } }),
    failsWith('invalid_argument', { hint: 'did you mean "name"?' })
  )
  await assert.rejects(
    client.count('people', { filter: { field: 'age', op: 'is', value: 1 } }),
    failsWith('invalid_argument')
  )
  await assert.rejects(
    client.count('people', { filter: { field: 'age', op: 'between', value: [1] } }),
    failsWith('invalid_argument', { field: 'age' })
  )
  const nested = (depth) => (depth === 0 ? { field: 'age', value: 1 } : { not: nested(depth - 1) })
  for (const depth of [20, 1000]) {
    await assert.rejects(client.count('people', { filter: nested(depth) }), failsWith('invalid_argument'))
  }
  await assert.rejects(client.count('people', { limit: 'many' }), failsWith('invalid_argument'))
  await assert.rejects(client.distinct('people', 'team', { take: 0 }), failsWith('invalid_argument', { field: 'take' }))
})

test('the head tells the snapshot and the columns, the end the counters', needsServer, async (t) => {
  const client = await startWithPeople(t)
  const rows = client.query('people', { columns: ['name', 'age'] })
  const { info, columns } = await rows.head()
  assert.equal(info.rows, 30)
  assert.deepEqual(
    columns.map(({ field, type }) => [field, type]),
    [
      ['name', 'string'],
      ['age', 'int']
    ]
  )
  assert.equal(rows.end, null)
  assert.equal((await rows.toArray()).length, 30)
  assert.equal(rows.end.counters.rowsReturned, 30)
  // Whoever waits for the head need not be the one who reads.
  const others = client.query('people')
  const [head, all] = await Promise.all([others.head(), others.toArray()])
  assert.deepEqual([head.columns.length, all.length], [3, 30])
})

test('pages are walked forwards and backwards by cursors', needsServer, async (t) => {
  const client = await startWithPeople(t, 25)
  const question = { sort: ['name'], take: 10 }
  const first = await client.page('people', question)
  const second = await client.page('people', { ...question, cursor: first.nextCursor })
  const third = await client.page('people', { ...question, cursor: second.nextCursor })
  assert.deepEqual(
    [first, second, third].map(({ rows, hasMore }) => [rows.length, hasMore]),
    [
      [10, true],
      [10, true],
      [5, false]
    ]
  )
  const all = ids(await client.query('people', { sort: ['name'] }).toArray())
  assert.deepEqual(ids([...first.rows, ...second.rows, ...third.rows]), all)
  assert.equal(third.nextCursor, undefined)
  assert.equal(first.previousCursor, undefined)
  const back = await client.page('people', { ...question, cursor: second.previousCursor })
  assert.deepEqual(back.rows, first.rows)
  await assert.rejects(client.page('people', { ...question, cursor: 'nonsense' }), failsWith('invalid_argument'))
})

test('a page of more than its credit comes whole', needsServer, async (t) => {
  const client = await startWithPeople(t, 3000)
  const { rows, hasMore } = await client.page('people', { take: 2000 }, { window: 1 })
  assert.equal(rows.length, 2000)
  assert.equal(hasMore, true)
})

test('rows are counted, exactly or up to a limit', needsServer, async (t) => {
  const client = await startWithPeople(t)
  const { value, exact } = await client.count('people', { filter: { field: 'team', value: 'red' } })
  assert.deepEqual([value, exact], [10, true])
  const limited = await client.count('people', { limit: 4 })
  assert.deepEqual([limited.value, limited.exact], [4, false])
})

test('distinct values come with their counts, by value or by count', needsServer, async (t) => {
  const client = await startWithPeople(t)
  const all = await client.distinct('people', 'team', { take: 10 })
  assert.deepEqual(all.values, [
    { value: 'blue', count: 10 },
    { value: 'green', count: 10 },
    { value: 'red', count: 10 }
  ])
  assert.equal(all.hasMore, false)
  const most = await client.distinct('people', 'age', { order: 'count', take: 1 })
  assert.deepEqual(most.values, [{ value: null, count: 3 }])
  assert.equal(most.hasMore, true)
  const some = await client.distinct('people', 'team', { filter: { field: 'age', op: 'lt', value: 3 }, take: 10 })
  assert.deepEqual(some.values, [
    { value: 'blue', count: 1 },
    { value: 'green', count: 1 }
  ])
})

test('a plan is told, and with analyze what it touched', needsServer, async (t) => {
  const client = await startWithPeople(t, 3000)
  const question = { filter: { field: 'team', value: 'red' }, sort: ['-age'], take: 5 }
  const plan = await client.explain('people', question)
  assert.equal(typeof plan.root.op, 'string')
  assert.equal(plan.actual, undefined)
  const analyzed = await client.explain('people', question, { analyze: true })
  assert.equal(analyzed.actual.rowsReturned, 5)
  assert.ok(analyzed.milliseconds >= 0)
})

test('settings hold for one query', needsServer, async (t) => {
  const client = await startWithPeople(t)
  await assert.rejects(
    client.query('people', {}, { settings: { maxRowsExamined: 5 } }).toArray(),
    failsWith('quota_exceeded')
  )
  assert.equal((await client.query('people').toArray()).length, 30)
})

test('a snapshot keeps its moment until it is closed', needsServer, async (t) => {
  const client = await startWithPeople(t)
  const snapshot = await client.openSnapshot('people')
  await client.write('people', [merge('late', { age: 1000 })])
  assert.equal((await client.count(snapshot)).value, 30)
  assert.equal((await client.count('people')).value, 31)
  assert.equal(await client.get(snapshot, 'late'), null)
  assert.equal((await client.query(snapshot).toArray()).length, 30)
  assert.equal(
    (await client.distinct(snapshot, 'age', { take: 100 })).values.some(({ value }) => value === 1000),
    false
  )
  assert.equal((await client.explain(snapshot, {}, { analyze: true })).actual.rowsReturned, 30)
  assert.equal(snapshot.datasource.id, 'people')
  await snapshot.close()
  await assert.rejects(client.count(snapshot), failsWith('not_found', { field: 'snapshot' }))
})

test('snapshots beyond the limit are refused', needsServer, async (t) => {
  const client = await startWithPeople(t, 1)
  const { snapshots } = client.limits
  await Promise.all(Array.from({ length: snapshots }, () => client.openSnapshot('people')))
  await assert.rejects(client.openSnapshot('people'), failsWith('quota_exceeded'))
  assert.equal((await client.status()).snapshots, snapshots)
})
