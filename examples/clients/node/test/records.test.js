// Records, written and read.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { float, merge, remove, replace, update } from '../src/index.js'
import { startWithPeople } from './people.js'
import { failsWith, needsServer, startClient, until } from './server.js'

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
    {
      name: 'parts',
      type: 'list',
      items: [
        {
          type: 'map',
          fields: [
            { name: 'size', type: 'int' },
            { name: 'unit', type: 'string' }
          ]
        }
      ]
    },
    {
      name: 'place',
      type: 'map',
      fields: [
        { name: 'city', type: 'string' },
        { name: 'at', type: 'map', fields: [{ name: 'lat', type: 'float' }] }
      ]
    }
  ]
}

const NOTHING = {
  text: null,
  whole: null,
  real: null,
  yes: null,
  when: null,
  tags: null,
  days: null,
  grid: null,
  parts: null,
  place: { city: null, at: { lat: null } }
}

test('a record of every type comes back as it was written', needsServer, async (t) => {
  const client = await startClient(t)
  await client.saveDatasource(EVERY_TYPE)
  const records = {
    usual: {
      text: 'Ann',
      whole: 7,
      real: 1.5,
      yes: true,
      when: new Date('2024-05-01T12:00:00Z'),
      tags: ['a', 'b'],
      days: [new Date(0)],
      grid: [[1.5], [], [2.5, 3.5]],
      parts: [{ size: 1, unit: 'm' }, { size: 2 }],
      place: { city: 'Paris', at: { lat: 48.85 } }
    },
    least: {
      ...NOTHING,
      text: '',
      whole: -(2n ** 63n),
      real: -Number.MAX_VALUE,
      yes: false,
      when: new Date('0000-01-01T00:00:00Z'),
      tags: [],
      place: { city: '', at: { lat: 0 } }
    },
    most: {
      ...NOTHING,
      text: 'ä€😀\0'.repeat(1000),
      whole: 2n ** 63n - 1n,
      real: Number.MAX_VALUE,
      yes: true,
      when: new Date('9999-12-31T23:59:59Z'),
      tags: ['', '\0', '😀']
    },
    edge: {
      ...NOTHING,
      whole: Number.MAX_SAFE_INTEGER,
      real: 5e-324,
      tags: Array.from({ length: 1000 }, (_, n) => `tag ${n}`)
    },
    none: NOTHING
  }
  // A float without a fraction is told from an int: 1e308 as an int would be refused.
  const writes = Object.entries(records).map(([id, record]) =>
    replace(id, { ...record, real: record.real === null ? null : float(record.real) })
  )
  await client.write('all', writes)
  for (const [id, record] of Object.entries(records)) {
    assert.deepEqual(await client.get('all', id), { _id: id, ...record }, id)
  }
  const rows = await client.query('all').toArray()
  assert.deepEqual(
    rows,
    Object.entries(records).map(([id, record]) => ({ _id: id, ...record }))
  )
})

test(
  'thousands of rows come back whole, in blocks that are copied and in blocks that are picked',
  needsServer,
  async (t) => {
    const client = await startClient(t)
    await client.saveDatasource({
      id: 'many',
      fields: [
        { name: 'number', type: 'int', indexed: true },
        { name: 'large', type: 'int' },
        { name: 'same', type: 'string' },
        { name: 'few', type: 'string' },
        { name: 'some', type: 'string' },
        { name: 'real', type: 'float' },
        { name: 'odd', type: 'bool' },
        { name: 'day', type: 'date' },
        { name: 'list', type: 'list', items: [{ type: 'int' }] }
      ]
    })
    const records = Array.from({ length: 5000 }, (_, n) => ({
      number: n,
      large: n % 2 ? BigInt(n) * 2n ** 50n + 2n ** 53n : 0 - n,
      same: 'same',
      few: `few ${n % 7}`,
      some: n % 3 ? null : `some ${n}`,
      real: n / 7,
      odd: n % 2 === 1,
      day: new Date(n * 86_400_000),
      list: [n, n + 1]
    }))
    // An average of sevenths is whole now and then, and a whole number alone is an int.
    for (let at = 0; at < records.length; at += 1000) {
      await client.write(
        'many',
        records.slice(at, at + 1000).map((record, n) => replace(`r${at + n}`, { ...record, real: float(record.real) }))
      )
    }
    const expected = records.map((record, n) => ({ _id: `r${n}`, ...record }))
    assert.deepEqual(await client.query('many').toArray(), expected)
    assert.deepEqual(
      await client.query('many', { filter: { field: 'odd', value: true } }).toArray(),
      expected.filter(({ odd }) => odd)
    )
    assert.deepEqual(
      await client.query('many', { sort: ['-number'], take: 700 }).toArray(),
      expected.slice(-700).reverse()
    )

    // A deleted row is a gap in its block.
    const gone = (n) => n % 50 === 3
    await client.write(
      'many',
      expected.flatMap(({ _id }, n) => (gone(n) ? [remove(_id)] : []))
    )
    assert.deepEqual(
      await client.query('many').toArray(),
      expected.filter((_, n) => !gone(n))
    )
  }
)

test(
  'merge keeps what it does not name, replace does not, update wants a record, remove does not',
  needsServer,
  async (t) => {
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
  }
)

test(
  'the entries of a map are written by their paths, too, and a map that is merged replaces the map',
  needsServer,
  async (t) => {
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
  }
)

test(
  'a write that is wrong is named by its place and field, and nothing of its batch is written',
  needsServer,
  async (t) => {
    const client = await startWithPeople(t, 1)
    const batch = (record) => client.write('people', [merge('new', { age: 1 }), merge('bad', record)])
    await assert.rejects(batch({ agee: 1 }), failsWith('invalid_argument', { field: 'agee', position: 1 }))
    await assert.rejects(batch({ age: 'old' }), failsWith('invalid_argument', { field: 'age', position: 1 }))
    await assert.rejects(batch({ age: 1.5 }), failsWith('invalid_argument', { field: 'age', position: 1 }))
    await assert.rejects(batch({ age: 2 ** 60 }), failsWith('invalid_argument'))
    assert.equal(await client.get('people', 'new'), null)
  }
)

test('all records go at once', needsServer, async (t) => {
  const client = await startWithPeople(t)
  await client.deleteAll('people')
  assert.equal((await client.count('people')).value, 0)
  assert.deepEqual(await client.query('people').toArray(), [])
})

test("a cell that has outlived its field's ttl reads as null", needsServer, async (t) => {
  const client = await startClient(t)
  await client.saveDatasource({
    id: 'codes',
    fields: [
      { name: 'code', type: 'string', ttlSeconds: 1 },
      { name: 'for', type: 'string' }
    ]
  })
  await client.write('codes', [merge('a', { code: '1234', for: 'Ann' })])
  const { code } = await client.get('codes', 'a')
  assert.ok(code === '1234' || code === null)
  await until(async () => (await client.get('codes', 'a')).code === null, 'the code has expired')
  assert.deepEqual(await client.query('codes').toArray(), [{ _id: 'a', code: null, for: 'Ann' }])
})
