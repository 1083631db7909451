// A datasource that questions are put to.
import assert from 'node:assert/strict'
import { replace } from '../src/index.js'
import { startClient } from './server.js'

export const PEOPLE = {
  id: 'people',
  title: 'People',
  fields: [
    { name: 'name', type: 'string', collation: 'nocase' },
    { name: 'team', type: 'string', indexed: true },
    { name: 'age', type: 'int', indexed: true }
  ],
  indexes: [{ fields: ['team', '-age'] }]
}

const person = (n) =>
  replace(`p${n}`, { name: `Name ${n}`, team: ['red', 'green', 'blue'][n % 3], age: n % 10 === 0 ? null : n })

/** A client of a server of its own, with people p0, p1, ... */
export async function startWithPeople (t, count = 30) {
  const client = await startClient(t)
  await client.saveDatasource(PEOPLE)
  const people = Array.from({ length: count }, (_, n) => person(n))
  assert.deepEqual(await client.write('people', people), { inserted: count, updated: 0, deleted: 0 })
  return client
}
