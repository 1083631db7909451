// Every call, against a real server.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect, float, merge, remove, replace, SlateError, update } from '../src/index.js'
import { needsServer, startServer, until } from './server.js'

const failsWith = (reason, more = {}) => (error) => {
  assert.ok(error instanceof SlateError, error)
  assert.equal(error.reason, reason, error.message)
  for (const [name, value] of Object.entries(more)) assert.deepEqual(error[name], value, `${name} of: ${error.message}`)
  return true
}

async function connectTo (t, server) {
  const client = await connect({ port: server.port })
  t.after(() => client.close())
  return client
}

const startClient = async (t) => connectTo(t, await startServer(t))

const PEOPLE = {
  id: 'people',
  title: 'People',
  fields: [
    { name: 'name', type: 'string', collation: 'nocase' },
    { name: 'team', type: 'string', indexed: true },
    { name: 'age', type: 'int', indexed: true }
  ],
  indexes: [{ fields: ['team', '-age'] }]
}

const person = (n) => replace(`p${n}`, { name: `Name ${n}`, team: ['red', 'green', 'blue'][n % 3], age: n % 10 === 0 ? null : n })

async function startWithPeople (t, count = 30) {
  const client = await startClient(t)
  await client.saveDatasource(PEOPLE)
  const people = Array.from({ length: count }, (_, n) => person(n))
  assert.deepEqual(await client.write('people', people), { inserted: count, updated: 0, deleted: 0 })
  return client
}

const ids = (rows) => rows.map(({ _id }) => _id)

// ---- Records

const EVERY_TYPE = {
  id: 'all',
  fields: [
    { name: 'text', type: 'string' },
    { name: 'whole', type: 'int' },
    { name: 'real', type: 'float' },
    { name: 'yes', type: 'bool' },
    { name: 'when', type: 'date' },
    { name: 'tags', type: 'list', items: [{ type: 'string' }] },
    { name: 'days', type: 'list', items: [{ type: 'date' }] },
    { name: 'grid', type: 'list', items: [{ type: 'list', items: [{ type: 'float' }] }] },
    { name: 'parts', type: 'list', items: [{ type: 'map', fields: [{ name: 'size', type: 'int' }, { name: 'unit', type: 'string' }] }] },
    {
      name: 'place',
      type: 'map',
      fields: [{ name: 'city', type: 'string' }, { name: 'at', type: 'map', fields: [{ name: 'lat', type: 'float' }] }]
    }
  ]
}

const NOTHING = {
  text: null, whole: null, real: null, yes: null, when: null, tags: null, days: null, grid: null, parts: null, place: { city: null, at: { lat: null } }
}

test('a record of every type comes back as it was written', needsServer, async (t) => {
  const client = await startClient(t)
  await client.saveDatasource(EVERY_TYPE)
  const records = {
    usual: {
      text: 'Ann', whole: 7, real: 1.5, yes: true, when: new Date('2024-05-01T12:00:00Z'), tags: ['a', 'b'], days: [new Date(0)],
      grid: [[1.5], [], [2.5, 3.5]], parts: [{ size: 1, unit: 'm' }, { size: 2 }], place: { city: 'Paris', at: { lat: 48.85 } }
    },
    least: {
      ...NOTHING, text: '', whole: -(2n ** 63n), real: -Number.MAX_VALUE, yes: false, when: new Date('0000-01-01T00:00:00Z'), tags: [], place: { city: '', at: { lat: 0 } }
    },
    most: {
      ...NOTHING, text: 'ä€😀\0'.repeat(1000), whole: 2n ** 63n - 1n, real: Number.MAX_VALUE, yes: true, when: new Date('9999-12-31T23:59:59Z'), tags: ['', '\0', '😀']
    },
    edge: { ...NOTHING, whole: Number.MAX_SAFE_INTEGER, real: 5e-324, tags: Array.from({ length: 1000 }, (_, n) => `tag ${n}`) },
    none: NOTHING
  }
  // A float without a fraction is told from an int: 1e308 as an int would be refused.
  const writes = Object.entries(records).map(([id, record]) => replace(id, { ...record, real: record.real === null ? null : float(record.real) }))
  await client.write('all', writes)
  for (const [id, record] of Object.entries(records)) {
    assert.deepEqual(await client.get('all', id), { _id: id, ...record }, id)
  }
  const rows = await client.query('all').toArray()
  assert.deepEqual(rows, Object.entries(records).map(([id, record]) => ({ _id: id, ...record })))
})

test('thousands of rows come back whole, in blocks that are copied and in blocks that are picked', needsServer, async (t) => {
  const client = await startClient(t)
  await client.saveDatasource({
    id: 'many',
    fields: [
      { name: 'number', type: 'int', indexed: true }, { name: 'large', type: 'int' }, { name: 'same', type: 'string' }, { name: 'few', type: 'string' },
      { name: 'some', type: 'string' }, { name: 'real', type: 'float' }, { name: 'odd', type: 'bool' }, { name: 'day', type: 'date' },
      { name: 'list', type: 'list', items: [{ type: 'int' }] }
    ]
  })
  const records = Array.from({ length: 5000 }, (_, n) => ({
    number: n, large: n % 2 ? BigInt(n) * 2n ** 50n + 2n ** 53n : 0 - n, same: 'same', few: `few ${n % 7}`, some: n % 3 ? null : `some ${n}`, real: n / 7,
    odd: n % 2 === 1, day: new Date(n * 86_400_000), list: [n, n + 1]
  }))
  // An average of sevenths is whole now and then, and a whole number alone is an int.
  for (let at = 0; at < records.length; at += 1000) {
    await client.write('many', records.slice(at, at + 1000).map((record, n) => replace(`r${at + n}`, { ...record, real: float(record.real) })))
  }
  const expected = records.map((record, n) => ({ _id: `r${n}`, ...record }))
  assert.deepEqual(await client.query('many').toArray(), expected)
  assert.deepEqual(await client.query('many', { filter: { field: 'odd', value: true } }).toArray(), expected.filter(({ odd }) => odd))
  assert.deepEqual(await client.query('many', { sort: ['-number'], take: 700 }).toArray(), expected.slice(-700).reverse())

  // A deleted row is a gap in its block.
  const gone = (n) => n % 50 === 3
  await client.write('many', expected.flatMap(({ _id }, n) => (gone(n) ? [remove(_id)] : [])))
  assert.deepEqual(await client.query('many').toArray(), expected.filter((_, n) => !gone(n)))
})

test('merge keeps what it does not name, replace does not, update wants a record, remove does not', needsServer, async (t) => {
  const client = await startWithPeople(t, 1)
  const write = (...writes) => client.write('people', writes)
  assert.deepEqual(await write(merge('x', { name: 'X', age: 1 })), { inserted: 1, updated: 0, deleted: 0 })
  assert.deepEqual(await write(merge('x', { team: 'red', age: null })), { inserted: 0, updated: 1, deleted: 0 })
  assert.deepEqual(await client.get('people', 'x'), { _id: 'x', name: 'X', team: 'red', age: null })
  assert.deepEqual(await write(replace('x', { age: 2 })), { inserted: 0, updated: 1, deleted: 0 })
  assert.deepEqual(await client.get('people', 'x'), { _id: 'x', name: null, team: null, age: 2 })
  assert.deepEqual(await write(update('x', { name: 'Y' })), { inserted: 0, updated: 1, deleted: 0 })
  assert.deepEqual(await client.get('people', 'x'), { _id: 'x', name: 'Y', team: null, age: 2 })
  await assert.rejects(write(update('nobody', { name: 'Y' })), failsWith('not_found', { position: 0 }))
  assert.deepEqual(await write(remove('x'), remove('nobody')), { inserted: 0, updated: 0, deleted: 1 })
  assert.equal(await client.get('people', 'x'), null)
})

test('the entries of a map are written by their paths, too, and a map that is merged replaces the map', needsServer, async (t) => {
  const client = await startClient(t)
  await client.saveDatasource(EVERY_TYPE)
  const placeAfter = async (record) => {
    await client.write('all', [merge('r', record)])
    return (await client.get('all', 'r')).place
  }
  assert.deepEqual(await placeAfter({ 'place.city': 'Rome' }), { city: 'Rome', at: { lat: null } })
  assert.deepEqual(await placeAfter({ 'place.at.lat': 1.5 }), { city: 'Rome', at: { lat: 1.5 } })
  assert.deepEqual(await placeAfter({ place: { at: { lat: 2.5 } } }), { city: null, at: { lat: 2.5 } })
  assert.deepEqual(await placeAfter({ place: null }), { city: null, at: { lat: null } })
})

test('a write that is wrong is named by its place and field, and nothing of its batch is written', needsServer, async (t) => {
  const client = await startWithPeople(t, 1)
  const batch = (record) => client.write('people', [merge('new', { age: 1 }), merge('bad', record)])
  await assert.rejects(batch({ agee: 1 }), failsWith('invalid_argument', { field: 'agee', position: 1 }))
  await assert.rejects(batch({ age: 'old' }), failsWith('invalid_argument', { field: 'age', position: 1 }))
  await assert.rejects(batch({ age: 1.5 }), failsWith('invalid_argument', { field: 'age', position: 1 }))
  await assert.rejects(batch({ age: 2 ** 60 }), failsWith('invalid_argument'))
  assert.equal(await client.get('people', 'new'), null)
})

test('all records go at once', needsServer, async (t) => {
  const client = await startWithPeople(t)
  await client.deleteAll('people')
  assert.equal((await client.count('people')).value, 0)
  assert.deepEqual(await client.query('people').toArray(), [])
})

test('a cell that has outlived its field\'s ttl reads as null', needsServer, async (t) => {
  const client = await startClient(t)
  await client.saveDatasource({ id: 'codes', fields: [{ name: 'code', type: 'string', ttlSeconds: 1 }, { name: 'for', type: 'string' }] })
  await client.write('codes', [merge('a', { code: '1234', for: 'Ann' })])
  const { code } = await client.get('codes', 'a')
  assert.ok(code === '1234' || code === null)
  await until(async () => (await client.get('codes', 'a')).code === null, 'the code has expired')
  assert.deepEqual(await client.query('codes').toArray(), [{ _id: 'a', code: null, for: 'Ann' }])
})

// ---- Questions

test('a query filters, sorts, skips, takes and projects', needsServer, async (t) => {
  const client = await startWithPeople(t)
  const ask = async (query) => ids(await client.query('people', query).toArray())
  assert.deepEqual(await ask({ filter: { field: 'team', value: 'red' }, sort: ['-age'], take: 3 }), ['p27', 'p24', 'p21'])
  assert.deepEqual(await ask({ filter: { field: 'age', op: 'between', value: [3, 5] }, sort: ['age'] }), ['p3', 'p4', 'p5'])
  assert.deepEqual(await ask({ filter: { field: 'age', op: 'in', value: [3, 8, 99] }, sort: ['age'] }), ['p3', 'p8'])
  assert.deepEqual(await ask({ filter: { field: 'age', op: 'isnull', value: true } }), ['p0', 'p10', 'p20'])
  assert.deepEqual(await ask({ filter: { field: 'name', op: 'eq', value: 'NAME 7' } }), ['p7'])
  assert.deepEqual(await ask({ filter: { field: 'age', text: '7' } }), ['p7'])
  assert.deepEqual(await ask({ filter: { and: [{ field: 'age', op: 'lt', value: 4 }, { not: { field: 'team', value: 'red' } }] } }), ['p1', 'p2'])
  assert.deepEqual(await ask({ filter: { or: [{ field: '_id', value: 'p4' }, { field: 'age', value: 9 }] } }), ['p4', 'p9'])
  assert.deepEqual(await ask({ sort: [{ field: 'age', descending: true, nullsFirst: true }], skip: 2, take: 2 }), ['p20', 'p29'])
  assert.deepEqual(await client.query('people', { columns: ['age'], take: 1 }).toArray(), [{ _id: 'p0', age: null }])
  assert.deepEqual(await client.query('people', { columns: [], take: 1 }).toArray(), [{ _id: 'p0' }])
})

test('a question that is wrong is answered by what is wrong with it', needsServer, async (t) => {
  const client = await startWithPeople(t, 1)
  await assert.rejects(client.query('nobody').toArray(), failsWith('not_found', { field: 'datasource' }))
  await assert.rejects(client.query('people', { sort: ['agee'] }).toArray(), failsWith('invalid_argument', { field: 'agee' }))
  await assert.rejects(client.count('people', { filter: { field: 'nam', value: 'x' } }), failsWith('invalid_argument', { hint: 'did you mean "name"?' }))
  await assert.rejects(client.count('people', { filter: { field: 'age', op: 'is', value: 1 } }), failsWith('invalid_argument'))
  await assert.rejects(client.count('people', { filter: { field: 'age', op: 'between', value: [1] } }), failsWith('invalid_argument', { field: 'age' }))
  await assert.rejects(client.distinct('people', 'team', { take: 0 }), failsWith('invalid_argument', { field: 'take' }))
})

test('the head tells the snapshot and the columns, the end the counters', needsServer, async (t) => {
  const client = await startWithPeople(t)
  const rows = client.query('people', { columns: ['name', 'age'] })
  const { info, columns } = await rows.head()
  assert.equal(info.rows, 30)
  assert.deepEqual(columns.map(({ field, type }) => [field, type]), [['name', 'string'], ['age', 'int']])
  assert.equal(rows.end, null)
  assert.equal((await rows.toArray()).length, 30)
  assert.equal(rows.end.counters.rowsReturned, 30)
})

test('pages are walked forwards and backwards by cursors', needsServer, async (t) => {
  const client = await startWithPeople(t, 25)
  const question = { sort: ['name'], take: 10 }
  const first = await client.page('people', question)
  const second = await client.page('people', { ...question, cursor: first.nextCursor })
  const third = await client.page('people', { ...question, cursor: second.nextCursor })
  assert.deepEqual([first, second, third].map(({ rows, hasMore }) => [rows.length, hasMore]), [[10, true], [10, true], [5, false]])
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
  assert.deepEqual(all.values, [{ value: 'blue', count: 10 }, { value: 'green', count: 10 }, { value: 'red', count: 10 }])
  assert.equal(all.hasMore, false)
  const most = await client.distinct('people', 'age', { order: 'count', take: 1 })
  assert.deepEqual(most.values, [{ value: null, count: 3 }])
  assert.equal(most.hasMore, true)
  const some = await client.distinct('people', 'team', { filter: { field: 'age', op: 'lt', value: 3 }, take: 10 })
  assert.deepEqual(some.values, [{ value: 'blue', count: 1 }, { value: 'green', count: 1 }])
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
  await assert.rejects(client.query('people', {}, { settings: { maxRowsExamined: 5 } }).toArray(), failsWith('quota_exceeded'))
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
  assert.equal((await client.distinct(snapshot, 'age', { take: 100 })).values.some(({ value }) => value === 1000), false)
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

// ---- Declarations

test('a datasource is saved, read, changed and deleted', needsServer, async (t) => {
  const client = await startClient(t)
  assert.equal((await client.saveDatasource(PEOPLE)).saved, 'created')
  assert.equal((await client.saveDatasource(PEOPLE)).saved, 'unchanged')
  assert.equal((await client.saveDatasource({ ...PEOPLE, title: 'Folk' })).saved, 'changed')
  await assert.rejects(client.saveDatasource(PEOPLE, { refuseExisting: true }), failsWith('already_exists'))
  const { datasource, data, indexes } = await client.getDatasource('people')
  assert.equal(datasource.title, 'Folk')
  assert.deepEqual(datasource.fields.map(({ name, type, collation }) => [name, type, collation]),
    [['name', 'string', 'nocase'], ['team', 'string', 'binary'], ['age', 'int', 'binary']])
  assert.deepEqual(datasource.indexes, [{ fields: [{ field: 'team', descending: false }, { field: 'age', descending: true }] }])
  assert.equal(data.rows, 0)
  assert.deepEqual(indexes.map(({ name }) => name).sort(), ['_id', 'age', 'team', 'team,-age'])
  // What was read can be saved again.
  assert.equal((await client.saveDatasource(datasource)).saved, 'unchanged')
  assert.deepEqual((await client.listDatasources()).map((status) => status.datasource.id), ['people'])
  await client.deleteDatasource('people')
  await assert.rejects(client.getDatasource('people'), failsWith('not_found'))
})

test('a loader has the defaults of manifests', needsServer, async (t) => {
  const client = await startClient(t)
  await client.saveDatasource({ id: 'd', fields: [], loader: { endpoint: 'grpc://127.0.0.1:1', ttl: 60 } })
  const { datasource: { loader } } = await client.getDatasource('d')
  assert.deepEqual([loader.ttl, loader.staleIfError, loader.deadline, loader.idleTimeout, loader.mode], [60, 86_400, 1800, 60, 'replace'])
})

const ADULTS = {
  id: 'adults', datasource: 'people', title: 'Adults', columns: ['name', { field: 'age', label: 'Age' }, { field: 'team', hidden: true }],
  filter: { field: 'age', op: 'gte', value: 18 }, sort: ['-age']
}

test('a list is saved, read, opened with its snapshot, and deleted', needsServer, async (t) => {
  const client = await startWithPeople(t)
  const { saved, warnings } = await client.saveList(ADULTS)
  assert.deepEqual([saved, warnings], ['created', []])
  assert.equal((await client.saveList(ADULTS)).saved, 'unchanged')
  const list = await client.getList('adults')
  assert.deepEqual(list.columns, [{ field: 'name', label: '', hidden: false }, { field: 'age', label: 'Age', hidden: false }, { field: 'team', label: '', hidden: true }])
  assert.deepEqual([list.pageSize, list.maxPageSize], [200, 1000])
  assert.deepEqual(await client.listLists(), [list])

  const snapshot = await client.openList('adults')
  assert.deepEqual(snapshot.list, list)
  assert.equal(snapshot.info.rows, 30)
  // The list narrows nothing by itself: its filter goes into the query.
  assert.equal((await client.count(snapshot)).value, 30)
  assert.equal((await client.count(snapshot, { filter: ADULTS.filter })).value, 11)
  await snapshot.close()

  await assert.rejects(client.saveList({ ...ADULTS, columns: ['nme'] }), failsWith('invalid_argument', { field: 'columns[0].field' }))
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
    Object.fromEntries((await client.reconcile(declarations)).map(({ kind, id, outcome, error }) => [`${kind} ${id}`, error?.reason ?? outcome]))
  const fresh = { id: 'new', fields: [{ name: 'n', type: 'int' }] }
  assert.deepEqual(await outcomes({ datasources: [PEOPLE, fresh], lists: [ADULTS] }),
    { 'datasource old': 'removed', 'datasource people': 'unchanged', 'datasource new': 'created', 'list adults': 'created' })
  const retyped = { ...PEOPLE, fields: [{ name: 'name', type: 'int' }], indexes: [] }
  assert.deepEqual(await outcomes({ datasources: [retyped, { ...fresh, title: 'New' }], lists: [] }),
    { 'list adults': 'removed', 'datasource people': 'failed_precondition', 'datasource new': 'changed' })
  assert.equal((await client.count('people')).value, 30)
})

// ---- Refreshes

const LOADED = { id: 'loaded', fields: [{ name: 'n', type: 'int' }, { name: 'm', type: 'map', fields: [{ name: 't', type: 'string' }] }], loader: { endpoint: 'grpc://127.0.0.1:1' } }

test('a refresh fills the next generation and makes it live', needsServer, async (t) => {
  const server = await startServer(t)
  const client = await connectTo(t, server)
  await client.saveDatasource(LOADED)
  const began = new Date(1_700_000_000_000)
  const { outcome, refresh } = await client.beginRefresh('loaded', { loadId: 'one', trigger: 'forced' })
  assert.equal(outcome, 'granted')
  assert.deepEqual(refresh.datasource.fields.map(({ name }) => name), ['n', 'm'])
  const rows = [{ id: 'a', values: [1, { t: 'x' }] }, { id: 'b', values: [null, { t: 'y' }] }, { id: 'a', values: [2] }]
  await Promise.all([refresh.load(rows.slice(0, 2), { rows: 2, bytes: 20, calls: 1 }), refresh.load(rows.slice(2), { rows: 3, bytes: 30, calls: 1 })])
  await assert.rejects(refresh.load([{ id: 'c', values: ['text'] }]), failsWith('invalid_argument', { field: 'n', position: 0 }))
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
  assert.deepEqual(await client.query('loaded').toArray(), [{ _id: 'b', n: null, m: { t: 'y' } }, { _id: 'a', n: 2, m: { t: null } }])
  assert.equal((await client.getDatasource('loaded')).data.loadedAt, began.getTime())
  const report = await client.getLoad('one')
  assert.deepEqual([report.state, report.generation, report.counts.rows], ['succeeded', generation, 3])
  assert.deepEqual(await client.beginRefresh('loaded', { loadId: 'three', seenGeneration: 0 }), { outcome: 'ended', generation })
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
