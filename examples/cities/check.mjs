// Compares what Slate answers with what the package's own data says, and exits 1 when anything differs:
//   node examples/cities/check.mjs http://127.0.0.1:8080 [path/to/slate]
// With the program the planner's estimates are checked, too.
import { execFile } from 'node:child_process'
import http from 'node:http'
import { isDeepStrictEqual, promisify } from 'node:util'
import { LISTS, NARROWED, ROWS, project, select } from './expected.mjs'

const [base, slate] = process.argv.slice(2)
if (!base) {
  console.error('usage: node examples/cities/check.mjs URL [SLATE]')
  process.exit(2)
}

let failures = 0

// Runs one comparison; what it throws is the finding.
async function check (name, compare) {
  const started = performance.now()
  try {
    const note = await compare()
    console.log(`  ok      ${name}: ${note} (${(performance.now() - started).toFixed(0)} ms)`)
  } catch (error) {
    failures += 1
    console.log(`  FAILED  ${name}: ${error.message}`)
  }
}

function expectEqual (got, expected, what) {
  if (!isDeepStrictEqual(got, expected)) {
    throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`)
  }
}

function expectRows (got, expected, what) {
  for (let i = 0; i < Math.min(got.length, expected.length); i += 1) {
    if (JSON.stringify(got[i]) !== JSON.stringify(expected[i])) expectEqual(got[i], expected[i], `${what}, row ${i}`)
  }
  expectEqual(got.length, expected.length, `${what}, number of rows`)
}

// One request on a connection of its own: a comparison may take longer than a server keeps an idle one.
function request (path, headers = {}) {
  return new Promise((resolve, reject) => {
    const sent = http.get(base + path, { agent: false, headers }, (response) => {
      const parts = []
      response.on('data', (part) => parts.push(part))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString('utf8') })
      )
    })
    sent.on('error', reject)
  })
}

async function get (path, accept = 'application/json') {
  const { status, text } = await request(path, { accept, prefer: 'wait=60' })
  if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${text.slice(0, 300)}`)
  return text
}

async function getJson (path) {
  return JSON.parse(await get(path))
}

// The records of CSV text as arrays of cells (RFC 4180).
function parseCsv (text) {
  const records = []
  let record = []
  const cell = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/gy
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text)
    if (!match) throw new Error(`not CSV: ${text.slice(0, 80)}`)
    record.push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'))
    if (match[3] !== ',') {
      records.push(record)
      record = []
    }
  }
  return records
}

const dataPath = (id, ...parameters) => `/v1/lists/${id}/data?${parameters.filter(Boolean).join('&')}`

// All pages one after the other, by skip and take or by cursor: the rows, has_more of each, and where it ends.
async function checkPages (id, expected, columns, query, nextParameter) {
  const take = 1000
  const rows = []
  let position = 'skip=0'
  for (let pages = 1; ; pages += 1) {
    const { records, page } = await getJson(dataPath(id, query, `take=${take}`, position))
    rows.push(...records)
    expectEqual(page.has_more, rows.length < expected.length, `has_more after ${rows.length} rows`)
    if (!page.has_more || records.length === 0) {
      expectRows(rows, expected.map((row) => project(row, columns)), `page ${pages}`)
      return `${rows.length} rows on ${pages} pages`
    }
    position = nextParameter(page, rows.length)
  }
}

const bySkip = (_, seen) => `skip=${seen}`
const byCursor = (page) => `cursor=${encodeURIComponent(page.next)}`

async function checkEdges (id, expected, columns) {
  const all = expected.length
  const edges = [[0, 1], [all - 5, 5], [all - 6, 5], [all - 1, 1000], [all, 10], [all + 1000, 10], [all >> 1, 7]]
  for (const [skip, take] of edges.filter(([first]) => first >= 0)) {
    const { records, page } = await getJson(dataPath(id, `skip=${skip}`, `take=${take}`))
    expectRows(records, expected.slice(skip, skip + take).map((row) => project(row, columns)), `skip=${skip} take=${take}`)
    expectEqual(page.has_more, skip + take < all, `has_more of skip=${skip} take=${take}`)
  }
  return `${edges.length} pages at the edges`
}

async function checkCsv (id, expected, columns, query) {
  const [header, ...cells] = parseCsv(await get(dataPath(id, query), 'text/csv'))
  expectEqual(header, ['_id', ...columns], 'header')
  const wanted = expected.map((row) => project(row, columns))
  const typed = (text, value) => (value === null && text === '' ? null : typeof value === 'number' && text ? Number(text) : text)
  const got = cells.map((record, i) =>
    Object.fromEntries(header.map((column, j) => [column, typed(record[j], wanted[i]?.[column])]))
  )
  expectRows(got, wanted, 'CSV')
  return `${got.length} rows`
}

async function checkNdjson (id, expected, columns, query) {
  const lines = (await get(dataPath(id, query), 'application/x-ndjson')).split('\n').filter((line) => line !== '')
  expectRows(lines.map((line) => JSON.parse(line)), expected.map((row) => project(row, columns)), 'NDJSON')
  return `${lines.length} rows`
}

async function checkCount (id, expected, query) {
  const { page } = await getJson(dataPath(id, query, 'take=1', 'count=exact'))
  expectEqual(page.count, { value: expected.length, relation: 'eq' }, 'count')
  return `${expected.length}`
}

// What EXPLAIN takes the rows of a page of 1,000 to be, against how many there are: within a factor of three, none
// counted as one.
async function checkEstimate (id, expected, query) {
  const conditions = query.split('&').filter(Boolean).map(decodeURIComponent)
  const { stdout } = await promisify(execFile)(slate, [
    'explain', '--server', base, '--format', 'json', id, ...conditions, 'take=1000'
  ])
  const estimate = JSON.parse(stdout).plan.estimated_rows
  const actual = Math.min(expected.length, 1000)
  const apart = Math.max(estimate, 1) / Math.max(actual, 1)
  if (!(apart <= 3 && apart >= 1 / 3)) {
    throw new Error(`about ${Math.round(estimate)} rows were estimated, there are ${actual}`)
  }
  return `about ${Math.round(estimate)}, ${actual} in fact`
}

async function checkRefused (path, expected) {
  const { status, headers, text } = await request(path)
  expectEqual(status, expected, `status of GET ${path}`)
  expectEqual(headers['content-type']?.split(';')[0], 'application/problem+json', 'content type')
  expectEqual(JSON.parse(text).status, expected, 'status in the body')
  return `refused with ${expected}`
}

for (const [id, list] of Object.entries(LISTS)) {
  const expected = select(list)
  const { columns } = list
  await check(`${id}, config`, async () => {
    const config = await getJson(`/v1/lists/${id}`)
    expectEqual(config.id, id, 'id')
    const shown = config.columns.filter((column) => !column.hidden).map((column) => column.field)
    expectEqual(shown, columns, 'columns')
    return `${columns.length} columns`
  })
  await check(`${id}, first page`, async () => {
    const { records, page, freshness } = await getJson(dataPath(id))
    expectRows(records, expected.slice(0, list.pageSize).map((row) => project(row, columns)), 'first page')
    expectEqual(page.has_more, expected.length > list.pageSize, 'has_more')
    expectEqual(freshness.state, 'fresh', 'freshness')
    return `${records.length} rows`
  })
  await check(`${id}, pages by skip`, () => checkPages(id, expected, columns, '', bySkip))
  const { page } = await getJson(dataPath(id, 'take=1'))
  if (typeof page.next === 'string') {
    await check(`${id}, pages by cursor`, () => checkPages(id, expected, columns, '', byCursor))
  }
  await check(`${id}, edges`, () => checkEdges(id, expected, columns))
  await check(`${id}, CSV`, () => checkCsv(id, expected, columns, ''))
  await check(`${id}, NDJSON`, () => checkNdjson(id, expected, columns, ''))
  await check(`${id}, count`, () => checkCount(id, expected, ''))
  if (slate) await check(`${id}, estimate`, () => checkEstimate(id, expected, ''))
}

for (const narrowed of NARROWED) {
  const { list: id, query } = narrowed
  const expected = select(LISTS[id], narrowed)
  const { columns } = LISTS[id]
  await check(`${id}?${query}`, () => checkPages(id, expected, columns, query, bySkip))
  await check(`${id}?${query}, NDJSON`, () => checkNdjson(id, expected, columns, query))
  await check(`${id}?${query}, count`, () => checkCount(id, expected, query))
  if (slate) await check(`${id}?${query}, estimate`, () => checkEstimate(id, expected, query))
}

await check('columns that are asked for', async () => {
  const [id, list] = Object.entries(LISTS)[0]
  const columns = ['feature_code', 'population', 'name']
  const { records } = await getJson(dataPath(id, `columns=${columns}`, 'take=50'))
  expectRows(records, select(list).slice(0, 50).map((row) => project(row, columns)), 'rows')
  return columns.join(', ')
})
const first = Object.keys(LISTS)[0]
await check('an unknown list', () => checkRefused('/v1/lists/nowhere/data', 404))
await check('an unknown field', () => checkRefused(dataPath(first, 'nothing=1'), 400))
await check('an unknown operator', () => checkRefused(dataPath(first, 'country__like=F'), 400))
await check('a value of the wrong type', () => checkRefused(dataPath(first, 'population__gt=many'), 400))
await check('a negative take', () => checkRefused(dataPath(first, 'take=-1'), 400))

console.log(failures ? `${failures} checks failed` : `All answers agree with the ${ROWS.length} cities of the package`)
process.exit(failures ? 1 : 0)
