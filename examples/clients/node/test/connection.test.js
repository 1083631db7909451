// What a connection is and what ends it, against a real server.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { connect, merge, SlateError } from '../src/index.js'
import {
  connectTo,
  failsWith,
  greeting,
  needsServer,
  requestFrame,
  sayAndListen,
  startServer,
  temporaryFolder,
  until
} from './server.js'

// Some 20 MB of texts that differ, in blocks of about 100 KB: far more than all the buffers between the processes hold
// when the credit is small.
const LARGE_ROWS = 40_000
async function fillLarge (client) {
  await client.saveDatasource({
    id: 'large',
    fields: [
      { name: 'n', type: 'int' },
      { name: 'text', type: 'string' }
    ]
  })
  for (let at = 0; at < LARGE_ROWS; at += 4000) {
    const writes = Array.from({ length: 4000 }, (_, n) =>
      merge(`r${at + n}`, { n: at + n, text: `${at + n} `.repeat(80) })
    )
    await client.write('large', writes)
  }
}

async function startWithLarge (t) {
  const server = await startServer(t)
  const client = await connectTo(t, server)
  await fillLarge(client)
  return { server, client }
}

// Of requests, but for the one that asks.
const underWay = async (client) => (await client.status()).requests - 1

// ---- The handshake

test('the handshake tells the server, the instance and the limits', needsServer, async (t) => {
  const server = await startServer(t)
  const client = await connectTo(t, server)
  assert.match(client.server, /^\d+\.\d+\.\d+/)
  assert.match(client.instance, /^[0-9a-f]{32}$/)
  assert.equal(client.limits.credit, 1 << 20)
  await client.ping()
  const status = await client.status()
  assert.equal(status.instance, client.instance)
  assert.equal(status.connections, 1)
})

test('a wrong token is refused, and the right one is not', needsServer, async (t) => {
  const token = 'a token of more than 16 characters'.replaceAll(' ', '-')
  const server = await startServer(t, { token })
  for (const wrong of ['', 'wrong', `${token}x`]) {
    await assert.rejects(connect({ port: server.port, token: wrong }), failsWith('unauthenticated'), wrong)
  }
  const [answer] = await sayAndListen(server.port, greeting())
  assert.deepEqual([answer.id, answer.body.reason], [1, 'unauthenticated'])
  const client = await connectTo(t, server, { token })
  await client.ping()
})

test('where no server listens, connecting is unavailable', async () => {
  const listener = net.createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address()
  listener.close()
  await once(listener, 'close')
  await assert.rejects(connect({ port }), failsWith('unavailable'))
})

// A server of our own, which answers the greeting with whatever bytes.
async function startImpostor (t, answer) {
  const listener = net
    .createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => answer(socket))
    })
    .listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.after(() => listener.close())
  return listener.address().port
}

test('who answers with something else than frames is not a server', async (t) => {
  const corrupt = await startImpostor(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await assert.rejects(connect({ port: corrupt }), failsWith('corrupt'))
  const mute = await startImpostor(t, (socket) => socket.end())
  await assert.rejects(connect({ port: mute }), failsWith('unavailable'))
  const cut = await startImpostor(t, (socket) => socket.end(Buffer.from([200, 0, 0, 0, 1])))
  await assert.rejects(connect({ port: cut }), failsWith('unavailable'))
  const silent = await startImpostor(t, () => {})
  await assert.rejects(connect({ port: silent, timeout: 20 }), failsWith('deadline_exceeded'))
})

// ---- Many requests on one connection

test('many calls under way on one connection each get their own answer', needsServer, async (t) => {
  const server = await startServer(t)
  const client = await connectTo(t, server)
  await client.saveDatasource({ id: 'd', fields: [{ name: 'n', type: 'int', indexed: true }] })
  await client.write(
    'd',
    Array.from({ length: 100 }, (_, n) => merge(`r${n}`, { n }))
  )
  const calls = Array.from({ length: 100 }, (_, n) => [
    client.get('d', `r${n}`).then((record) => assert.equal(record.n, n)),
    client.count('d', { filter: { field: 'n', op: 'lt', value: n } }).then(({ value }) => assert.equal(value, n))
  ]).flat()
  await Promise.all([...calls, assert.rejects(client.get('nowhere', 'r0'), failsWith('not_found')), client.ping()])
})

test(
  'requests beyond what the server takes at once are refused, and the connection lives on',
  needsServer,
  async (t) => {
    const { client } = await startWithLarge(t)
    // Without credit a query stays under way.
    const queries = Array.from({ length: client.limits.requests }, () => client.query('large', {}, { window: 1 }))
    await Promise.all(queries.map((rows) => rows.head()))
    await assert.rejects(client.ping(), failsWith('overloaded'))
    queries[0].cancel()
    await until(
      () =>
        client.ping().then(
          () => true,
          () => false
        ),
      'there is room for another request'
    )
    for (const rows of queries) rows.cancel()
    await until(async () => (await underWay(client)) === 0, 'no query is under way')
  }
)

test('a reader that does not read holds back its own query and no other', needsServer, async (t) => {
  const { client } = await startWithLarge(t)
  const slow = client.query('large', {}, { window: 1000 })
  const { info } = await slow.head()
  assert.equal(info.rows, LARGE_ROWS)
  // All of this is answered while the first query stands still.
  let rows = 0
  for await (const { n } of client.query('large')) assert.equal(n, rows++)
  assert.equal(rows, LARGE_ROWS)
  assert.equal((await client.count('large')).value, LARGE_ROWS)
  assert.equal(await underWay(client), 1)
  // And then it goes on where it was, to its end.
  rows = 0
  for await (const { n } of slow) assert.equal(n, rows++)
  assert.equal(rows, LARGE_ROWS)
})

test('queries that are read in turns each have all their rows', needsServer, async (t) => {
  const { client } = await startWithLarge(t)
  const iterators = [1, 50_000, 1 << 20].map((window) => client.query('large', {}, { window }).batches())
  const counts = [0, 0, 0]
  const step = async (n) => {
    const { value, done } = await iterators[n].next()
    if (!done) counts[n] += value.length
    return done
  }
  for (let ended = []; ended.length < 3;) {
    for (const n of [0, 1, 2]) if (!ended.includes(n) && (await step(n))) ended.push(n)
  }
  assert.deepEqual(counts, [LARGE_ROWS, LARGE_ROWS, LARGE_ROWS])
})

// ---- Ways for a request to end early

test('a large query that is cancelled ends, at the server, too', needsServer, async (t) => {
  const { client } = await startWithLarge(t)
  const controller = new AbortController()
  const read = async () => {
    const { signal } = controller
    for await (const { n } of client.query('large', {}, { window: 1000, signal })) if (n === 10) controller.abort()
  }
  await assert.rejects(read(), failsWith('cancelled'))
  await until(async () => (await underWay(client)) === 0, 'the query has ended at the server')
  assert.equal((await client.count('large')).value, LARGE_ROWS)
})

test('a loop over rows that is left early stops its query', needsServer, async (t) => {
  const { client } = await startWithLarge(t)
  for await (const { n } of client.query('large', {}, { window: 1000 })) if (n === 300) break
  await until(async () => (await underWay(client)) === 0, 'the query has ended at the server')
  client.query('large', {}, { window: 1000 }).cancel()
  await until(async () => (await underWay(client)) === 0, 'the query has ended at the server')
})

test('a request that is stopped before it is sent is not sent', needsServer, async (t) => {
  const client = await connectTo(t, await startServer(t))
  await assert.rejects(client.ping({ signal: AbortSignal.abort() }), failsWith('cancelled'))
})

test('a deadline that passes ends its request, and not the connection', needsServer, async (t) => {
  const { client } = await startWithLarge(t)
  const read = async () => {
    const rows = client.query('large', {}, { window: 1, deadline: 30 })
    await rows.head()
    // Nobody reads on until the time is over.
    await until(() => rows.error, 'the deadline has passed')
    await rows.toArray()
  }
  await assert.rejects(read(), failsWith('deadline_exceeded'))
  await until(async () => (await underWay(client)) === 0, 'the query has ended at the server')
  assert.equal((await client.count('large', { deadline: 30_000 })).value, LARGE_ROWS)
})

test('the right to refresh passes to who waits when it is given up', needsServer, async (t) => {
  const server = await startServer(t)
  const [one, other] = [await connectTo(t, server), await connectTo(t, server)]
  await one.saveDatasource({ id: 'd', fields: [], loader: { endpoint: 'grpc://127.0.0.1:1' } })
  const { refresh } = await one.beginRefresh('d', { loadId: 'one', trigger: 'forced' })
  const waiting = other.beginRefresh('d', { loadId: 'two', trigger: 'forced', waitMs: 60_000 })
  await until(async () => (await underWay(one)) === 1, 'the other one waits')
  await refresh.abort()
  assert.equal((await waiting).outcome, 'granted')
})

// ---- What ends a connection

test(
  'a frame that is malformed is answered by what is wrong, and ends its connection alone',
  needsServer,
  async (t) => {
    const server = await startServer(t)
    const client = await connectTo(t, server)
    const header = (length, id, messageLength) => {
      const bytes = Buffer.alloc(12)
      bytes.writeUInt32LE(length, 0)
      bytes.writeUInt32LE(id, 4)
      bytes.writeUInt32LE(messageLength, 8)
      return bytes
    }
    const notProtobuf = Buffer.concat([header(11, 9, 3), Buffer.from('ffffff', 'hex')])
    const greeted = (...frames) => Buffer.concat([greeting(), ...frames])
    const cases = [
      ['no preamble', Buffer.from('GET / HTTP/1.1\r\nHost: slate\r\n\r\n'), 0, 'invalid_argument'],
      ['no Hello', Buffer.concat([greeting().subarray(0, 8), requestFrame(7, 'ping')]), 7, 'unauthenticated'],
      [
        'another version',
        Buffer.concat([greeting().subarray(0, 8), requestFrame(7, 'hello', { version: 99 })]),
        7,
        'unimplemented'
      ],
      ['a second Hello', greeted(requestFrame(7, 'hello', { version: 1 })), 7, 'invalid_argument'],
      ['a frame without room for its header', greeted(header(4, 7, 0)), 0, 'invalid_argument'],
      ['a message longer than its frame', greeted(header(8, 7, 1)), 0, 'invalid_argument'],
      ['a frame that is too large', greeted(header(0xffffffff, 7, 0)), 0, 'payload_too_large'],
      ['a message that is none', greeted(notProtobuf), 9, 'invalid_argument'],
      ['the id 0', greeted(requestFrame(0, 'ping')), 0, 'invalid_argument']
    ]
    for (const [what, bytes, id, reason] of cases) {
      const last = (await sayAndListen(server.port, bytes)).at(-1)
      assert.deepEqual([last.name, last.id, last.body.reason], ['error', id, reason], what)
    }
    await client.ping()
    await until(async () => (await client.status()).connections === 1, 'the other connections have gone')
  }
)

test('a request that the server does not know is answered, and the connection goes on', needsServer, async (t) => {
  const server = await startServer(t)
  const unknown = Buffer.concat([requestFrame(5, 'ping').subarray(0, 12), Buffer.from('e23e00', 'hex')])
  unknown.writeUInt32LE(11, 0)
  unknown.writeUInt32LE(3, 8)
  const answers = await sayAndListen(
    server.port,
    Buffer.concat([greeting(), unknown, requestFrame(6, 'ping'), requestFrame(0, 'ping')])
  )
  const of = (id) => answers.find((answer) => answer.id === id)
  assert.equal(of(5).body.reason, 'unimplemented')
  assert.equal(of(6).name, 'pong')
})

test('words to a request that is not under way are not heeded', needsServer, async (t) => {
  const server = await startServer(t)
  const frames = [
    greeting(),
    requestFrame(70, 'cancel'),
    requestFrame(71, 'grant', { bytes: 5 }),
    requestFrame(6, 'ping'),
    requestFrame(0, 'ping')
  ]
  const answers = await sayAndListen(server.port, Buffer.concat(frames))
  assert.deepEqual(
    answers.map(({ id, name }) => [id, name]),
    [
      [1, 'welcome'],
      [6, 'pong'],
      [0, 'error']
    ]
  )
})

test('a write that is larger than the server takes is refused before it is sent', needsServer, async (t) => {
  const client = await connectTo(t, await startServer(t))
  await client.saveDatasource({ id: 'd', fields: [{ name: 'text', type: 'string' }] })
  const write = (size) => client.write('d', [merge('r', { text: 'x'.repeat(size) })])
  await assert.rejects(write(client.limits.writeFrameBytes), failsWith('payload_too_large'))
  await write(client.limits.writeFrameBytes - 1000)
  assert.equal((await client.get('d', 'r')).text.length, client.limits.writeFrameBytes - 1000)
})

test('when the server goes, what is under way fails, and so does what comes after', needsServer, async (t) => {
  const { server, client } = await startWithLarge(t)
  const rows = client.query('large', {}, { window: 1 })
  await rows.head()
  // Told to end, it would give the query some seconds.
  assert.equal(await server.stop('SIGKILL'), 'SIGKILL')
  await client.ended
  await assert.rejects(rows.toArray(), failsWith('unavailable'))
  await assert.rejects(client.ping(), failsWith('unavailable'))
  assert.ok(client.error instanceof SlateError)
})

test('a connection that was closed answers nothing any more', needsServer, async (t) => {
  const client = await connectTo(t, await startServer(t))
  const call = client.ping()
  client.close()
  await assert.rejects(call, failsWith('unavailable'))
  await assert.rejects(client.ping(), failsWith('unavailable'))
  await client.close()
})

test('a server that starts again is the same instance, and on another folder another one', needsServer, async (t) => {
  const data = temporaryFolder(t)
  const instanceOf = async (folder) => {
    const server = await startServer(t, { data: folder })
    const client = await connectTo(t, server)
    const { instance } = client
    await client.close()
    assert.equal(await server.stop(), 0)
    return instance
  }
  const first = await instanceOf(data)
  assert.equal(await instanceOf(data), first)
  assert.notEqual(await instanceOf(temporaryFolder(t)), first)
})

// ---- TLS

test('TLS is spoken with the authority and the certificate that are given', needsServer, async (t) => {
  const folder = temporaryFolder(t)
  const file = (name) => path.join(folder, name)
  try {
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
        '-addext',
        'subjectAltName=DNS:localhost,IP:127.0.0.1',
        '-keyout',
        file('key.pem'),
        '-out',
        file('cert.pem')
      ],
      { stdio: 'pipe' }
    )
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    return t.skip('openssl is not installed')
  }
  const [cert, key] = ['cert.pem', 'key.pem'].map((name) => readFileSync(file(name)))
  const { port } = await startServer(t, {
    flags: ['--tls-cert', file('cert.pem'), '--tls-key', file('key.pem'), '--tls-client-ca', file('cert.pem')]
  })
  const client = await connect({ port, tls: { ca: cert, cert, key } })
  await client.ping()
  await client.close()
  await assert.rejects(connect({ port, tls: {} }), failsWith('unavailable'), 'an authority that is not known')
  await assert.rejects(connect({ port, tls: { ca: cert } }), failsWith('unavailable'), 'without a certificate')
})

// ---- The example

test('the example runs from end to end', needsServer, async (t) => {
  const server = await startServer(t)
  const script = fileURLToPath(new URL('../example.mjs', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [script, `127.0.0.1:${server.port}`])
  assert.match(stdout, /did you mean/)
})
