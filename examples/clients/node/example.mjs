// Declares a datasource and a list on a running `slate db`, writes records and asks for them in every way.
//
//   node example.mjs [127.0.0.1:9600]        SLATE_TOKEN=... where the server wants one
import { connect, replace, SlateError } from './src/index.js'

const [host, port] = (process.argv[2] ?? '127.0.0.1:9600').split(':')
const client = await connect({ host, port: Number(port), token: process.env.SLATE_TOKEN, name: 'node example' })
console.log(`connected to Slate ${client.server}, instance ${client.instance}`)

await client.saveDatasource({
  id: 'cities',
  title: 'Cities',
  fields: [
    { name: 'name', type: 'string', collation: 'nocase' },
    { name: 'country', type: 'string', indexed: true },
    { name: 'population', type: 'int', indexed: true },
    { name: 'founded', type: 'date' },
    { name: 'rivers', type: 'list', items: [{ type: 'string' }] },
    {
      name: 'at',
      type: 'map',
      fields: [
        { name: 'latitude', type: 'float' },
        { name: 'longitude', type: 'float' }
      ]
    }
  ],
  indexes: [{ fields: ['country', '-population'] }]
})
const { warnings } = await client.saveList({
  id: 'largest',
  datasource: 'cities',
  columns: ['name', { field: 'population', label: 'People' }],
  sort: ['-population'],
  pageSize: 3
})
for (const warning of warnings) console.log(`warning: ${warning}`)

const written = await client.write('cities', [
  replace('paris', {
    name: 'Paris',
    country: 'FR',
    population: 2_102_650,
    rivers: ['Seine'],
    at: { latitude: 48.8566, longitude: 2.3522 }
  }),
  replace('lyon', {
    name: 'Lyon',
    country: 'FR',
    population: 522_250,
    rivers: ['Rhône', 'Saône'],
    at: { latitude: 45.764, longitude: 4.8357 }
  }),
  replace('nice', {
    name: 'Nice',
    country: 'FR',
    population: 348_085,
    rivers: [],
    at: { latitude: 43.7102, longitude: 7.262 }
  }),
  replace('berlin', {
    name: 'Berlin',
    country: 'DE',
    population: 3_677_472,
    founded: new Date('1237-10-28'),
    rivers: ['Spree', 'Havel']
  }),
  replace('bonn', { name: 'Bonn', country: 'DE', population: 331_885, rivers: ['Rhine'] })
])
console.log(`${written.inserted} records inserted, ${written.updated} updated`)

// Pages by cursor, all of one moment: a list is opened with a snapshot of its datasource.
const snapshot = await client.openList('largest')
const { columns, filter, sort, pageSize } = snapshot.list
const question = { columns: columns.map(({ field }) => field), filter, sort, take: pageSize }
for (let cursor, number = 1, more = true; more; number++) {
  const page = await client.page(snapshot, { ...question, cursor })
  console.log(`page ${number}: ${page.rows.map(({ name, population }) => `${name} (${population})`).join(', ')}`)
  cursor = page.nextCursor
  more = page.hasMore
}
await snapshot.close()

// Any number of calls may be under way on the one connection.
const [france, countries, lyon] = await Promise.all([
  client.count('cities', { filter: { field: 'country', value: 'FR' } }),
  client.distinct('cities', 'country', { take: 10 }),
  client.get('cities', 'lyon')
])
console.log(
  `${france.value} cities in France; ${countries.values.map(({ value, count }) => `${value}: ${count}`).join(', ')}`
)
console.log('one record:', lyon)

// Rows as a stream: it is read as fast as they are needed, and leaving the loop stops the query.
for await (const { name, at } of client.query('cities', { filter: { field: 'at.latitude', op: 'gt', value: 45 } })) {
  console.log(`${name} is at ${at.latitude}, ${at.longitude}`)
}

try {
  await client.count('cities', { filter: { field: 'contry', value: 'FR' } })
} catch (error) {
  if (!(error instanceof SlateError)) throw error
  console.log(`${error.reason}: ${error.message}; ${error.hint}`)
}

await client.close()
