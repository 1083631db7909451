// Datasources and lists.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PEOPLE, startWithPeople } from './people.js'
import { failsWith, needsServer, startClient } from './server.js'

test('a datasource is saved, read, changed and deleted', needsServer, async (t) => {
  const client = await startClient(t)
  assert.equal((await client.saveDatasource(PEOPLE)).saved, 'created')
  assert.equal((await client.saveDatasource(PEOPLE)).saved, 'unchanged')
  assert.equal((await client.saveDatasource({ ...PEOPLE, title: 'Folk' })).saved, 'changed')
  await assert.rejects(client.saveDatasource(PEOPLE, { refuseExisting: true }), failsWith('already_exists'))
  const { datasource, data, indexes } = await client.getDatasource('people')
  assert.equal(datasource.title, 'Folk')
  assert.deepEqual(
    datasource.fields.map(({ name, type, collation }) => [name, type, collation]),
    [
      ['name', 'string', 'nocase'],
      ['team', 'string', 'binary'],
      ['age', 'int', 'binary']
    ]
  )
  assert.deepEqual(datasource.indexes, [
    {
      fields: [
        { field: 'team', descending: false },
        { field: 'age', descending: true }
      ]
    }
  ])
  assert.equal(data.rows, 0)
  assert.deepEqual(indexes.map(({ name }) => name).sort(), ['_id', 'age', 'team', 'team,-age'])
  // What was read can be saved again.
  assert.equal((await client.saveDatasource(datasource)).saved, 'unchanged')
  assert.deepEqual(
    (await client.listDatasources()).map((status) => status.datasource.id),
    ['people']
  )
  await client.deleteDatasource('people')
  await assert.rejects(client.getDatasource('people'), failsWith('not_found'))
})

test('a loader has the defaults of manifests', needsServer, async (t) => {
  const client = await startClient(t)
  await client.saveDatasource({ id: 'd', fields: [], loader: { endpoint: 'grpc://127.0.0.1:1', ttl: 60 } })
  const {
    datasource: { loader }
  } = await client.getDatasource('d')
  assert.deepEqual(
    [loader.ttl, loader.staleIfError, loader.deadline, loader.idleTimeout, loader.mode],
    [60, 86_400, 1800, 60, 'replace']
  )
})

const ADULTS = {
  id: 'adults',
  datasource: 'people',
  title: 'Adults',
  columns: ['name', { field: 'age', label: 'Age' }, { field: 'team', hidden: true }],
  filter: { field: 'age', op: 'gte', value: 18 },
  sort: ['-age']
}

test('a list is saved, read, opened with its snapshot, and deleted', needsServer, async (t) => {
  const client = await startWithPeople(t)
  const { saved, warnings } = await client.saveList(ADULTS)
  assert.deepEqual([saved, warnings], ['created', []])
  assert.equal((await client.saveList(ADULTS)).saved, 'unchanged')
  const list = await client.getList('adults')
  assert.deepEqual(list.columns, [
    { field: 'name', label: '', hidden: false },
    { field: 'age', label: 'Age', hidden: false },
    { field: 'team', label: '', hidden: true }
  ])
  assert.deepEqual([list.pageSize, list.maxPageSize], [200, 1000])
  assert.deepEqual(await client.listLists(), [list])
  // What was read can be saved again, and asked with.
  assert.equal((await client.saveList(list)).saved, 'unchanged')
  const listed = await client
    .query('people', { filter: list.filter, sort: list.sort, columns: ['age'], take: 1 })
    .toArray()
  assert.deepEqual(listed, [{ _id: 'p29', age: 29 }])

  const snapshot = await client.openList('adults')
  assert.deepEqual(snapshot.list, list)
  assert.equal(snapshot.info.rows, 30)
  // The list narrows nothing by itself: its filter goes into the query.
  assert.equal((await client.count(snapshot)).value, 30)
  assert.equal((await client.count(snapshot, { filter: ADULTS.filter })).value, 11)
  await snapshot.close()

  await assert.rejects(
    client.saveList({ ...ADULTS, columns: ['nme'] }),
    failsWith('invalid_argument', { field: 'columns[0].field' })
  )
  await assert.rejects(client.deleteDatasource('people'), failsWith('in_use'))
  await client.deleteList('adults')
  await assert.rejects(client.openList('adults'), failsWith('not_found'))
  await client.saveList(ADULTS)
  await client.deleteDatasource('people', { cascade: true })
  assert.deepEqual(await client.listLists(), [])
})

test('reconcile makes the declarations these and no others, and says what it could not', needsServer, async (t) => {
  const client = await startWithPeople(t)
  await client.saveDatasource({ id: 'old', fields: [] })
  const outcomes = async (declarations) =>
    Object.fromEntries(
      (await client.reconcile(declarations)).map(({ kind, id, outcome, error }) => [
        `${kind} ${id}`,
        error?.reason ?? outcome
      ])
    )
  const fresh = { id: 'new', fields: [{ name: 'n', type: 'int' }] }
  assert.deepEqual(await outcomes({ datasources: [PEOPLE, fresh], lists: [ADULTS] }), {
    'datasource old': 'removed',
    'datasource people': 'unchanged',
    'datasource new': 'created',
    'list adults': 'created'
  })
  const retyped = { ...PEOPLE, fields: [{ name: 'name', type: 'int' }], indexes: [] }
  assert.deepEqual(await outcomes({ datasources: [retyped, { ...fresh, title: 'New' }], lists: [] }), {
    'list adults': 'removed',
    'datasource people': 'failed_precondition',
    'datasource new': 'changed'
  })
  assert.equal((await client.count('people')).value, 30)
})
