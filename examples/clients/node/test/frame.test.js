import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeBlocks } from '../src/block.js'
import { SlateError } from '../src/errors.js'
import { encodeFrame, FrameReader, PREAMBLE } from '../src/frame.js'
import { decodeAnswer, decodeRequest, encodeRequest } from '../src/messages.js'
import { toQuery } from '../src/questions.js'
import { rowMaker } from '../src/rows.js'
import { encodeRows, encodeWrites, replace } from '../src/writes.js'
import { goldenBytes } from './golden.js'

const [hello, runQuery, rows, writeBatch, loadRows, error] = goldenBytes('wire.md')

const isCorrupt = (error) => error instanceof SlateError && error.reason === 'corrupt'
const read = (bytes, reader = new FrameReader()) => [...reader.push(bytes)]
const frame = (id, name, body, { deadline, payload } = {}) =>
  Buffer.concat(encodeFrame(id, encodeRequest(name, body, deadline), payload))

// ---- Golden frames

test('Hello is the frame of the page', () => {
  assert.deepEqual(Buffer.concat([PREAMBLE, frame(1, 'hello', { version: 1, token: 'secret', client: 'c' })]), hello)
})

test('RunQuery is the frame of the page', () => {
  const query = toQuery({ filter: { field: 'status', value: 'active' }, take: 2 })
  // The page's frame has settings, of which none is set.
  const made = frame(
    2,
    'runQuery',
    { target: { datasource: 'd' }, query, settings: {}, page: true },
    { deadline: 1000 }
  )
  assert.deepEqual(made, runQuery)
  const [{ id, message }] = read(runQuery)
  assert.equal(id, 2)
  assert.equal(decodeRequest(message).deadlineMs, 1000)
})

test('WriteBatch is the frame of the page', () => {
  const payload = encodeWrites([replace('r1', { count: 300 })])
  assert.deepEqual(frame(3, 'writeBatch', { datasource: 'd', count: 1 }, { payload }), writeBatch)
})

test('LoadRows is the frame of the page', () => {
  const payload = encodeRows([{ id: 'r1', values: ['Acme'] }])
  const body = { refresh: 1, count: 1, progress: { rows: 1, bytes: 20, calls: 1 } }
  assert.deepEqual(frame(4, 'loadRows', body, { payload }), loadRows)
})

test('the page of rows on the page is read', () => {
  const [{ id, message, payload }] = read(rows)
  assert.equal(id, 2)
  const {
    name,
    body: { head, end }
  } = decodeAnswer(message)
  assert.equal(name, 'rows')
  assert.deepEqual(head, {
    info: { generation: 1, dataVersion: 2, rows: 2, now: 1000 },
    columns: [{ field: 'count', type: 'int', items: [] }]
  })
  assert.equal(end.hasMore, false)
  assert.equal(end.counters.rowsReturned, 2)
  assert.equal(end.serverMicros, 9)
  const [block] = decodeBlocks(payload)
  assert.deepEqual(rowMaker(head.columns, head.info.now)(block), [
    { _id: 'r1', count: 300 },
    { _id: 'r2', count: 7 }
  ])
})

test('the error on the page is read', () => {
  const [{ id, message, payload }] = read(error)
  assert.equal(id, 2)
  assert.equal(payload.length, 0)
  assert.deepEqual(decodeAnswer(message), {
    name: 'error',
    body: { reason: 'not_found', message: 'no datasource d', field: 'datasource' }
  })
})

// ---- Frames in pieces, and what is no frame

test('frames are found in whatever pieces they come', () => {
  const stream = Buffer.concat([rows, error, rows])
  const whole = read(stream)
  assert.deepEqual(
    whole.map(({ id, payload }) => [id, payload.length]),
    [
      [2, 0x90],
      [2, 0],
      [2, 0x90]
    ]
  )
  for (let size = 1; size < stream.length; size++) {
    const reader = new FrameReader()
    const frames = []
    for (let at = 0; at < stream.length; at += size) frames.push(...reader.push(stream.subarray(at, at + size)))
    assert.deepEqual(frames, whole, `pieces of ${size} bytes`)
    assert.ok(reader.isBetweenFrames)
  }
})

test('a frame that has not ended is waited for, at every length', () => {
  for (const whole of [rows, error]) {
    for (let length = 1; length < whole.length; length++) {
      const reader = new FrameReader()
      assert.deepEqual(read(whole.subarray(0, length), reader), [])
      assert.ok(!reader.isBetweenFrames)
    }
  }
})

test('a frame with any bit flipped is waited for, read or corrupt', () => {
  for (const whole of [rows, error]) {
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = Buffer.from(whole)
      flipped[bit >> 3] ^= 1 << (bit & 7)
      try {
        for (const { message, payload } of read(flipped)) {
          decodeAnswer(message)
          for (const block of decodeBlocks(payload)) for (const { at } of block.columns.values()) block.liveRows.map(at)
        }
      } catch (error) {
        assert.ok(isCorrupt(error), error)
      }
    }
  }
})

test('an answer that ends too early is read or corrupt, at every length', () => {
  for (const whole of [rows, error]) {
    const [{ message }] = read(whole)
    for (let length = 0; length < message.length; length++) {
      try {
        decodeAnswer(message.subarray(0, length))
      } catch (error) {
        assert.ok(isCorrupt(error), error)
      }
    }
  }
})

test('lengths that do not fit are corrupt', () => {
  const header = (length, messageLength, rest = 0) => {
    const bytes = Buffer.alloc(12 + rest)
    bytes.writeUInt32LE(length, 0)
    bytes.writeUInt32LE(1, 4)
    bytes.writeUInt32LE(messageLength, 8)
    return bytes
  }
  for (let length = 0; length < 8; length++) assert.throws(() => read(header(length, 0)), isCorrupt)
  assert.throws(() => read(header(10, 3, 2)), isCorrupt, 'a message longer than its frame')
  assert.throws(() => read(header(10, 0xffffffff, 2)), isCorrupt, 'a message far longer than its frame')
  assert.throws(() => read(header(11, 2, 3)), isCorrupt, 'padding without a payload')
  assert.throws(() => read(header(0xffffffff, 2)), isCorrupt, 'larger than any answer')
  assert.throws(() => read(header((32 << 20) - 3, 2)), isCorrupt, 'one byte larger than any answer')
  assert.deepEqual(read(header((32 << 20) - 4, 2)), [], 'the largest answer')
})

test('an answer that is newer than this client has no name', () => {
  assert.deepEqual(decodeAnswer(Buffer.from('e23e00', 'hex')), { name: undefined, body: {} })
})

test('a plan that is nested without end is corrupt', () => {
  let node = Buffer.alloc(0)
  const varint = (value) => {
    const bytes = []
    for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128)
    return Buffer.from([...bytes, value])
  }
  for (let depth = 0; depth < 20_000; depth++) node = Buffer.concat([Buffer.from([0x22]), varint(node.length), node])
  const explanation = Buffer.concat([Buffer.from([0x0a]), varint(node.length), node])
  assert.throws(
    () => decodeAnswer(Buffer.concat([Buffer.from([0x7a]), varint(explanation.length), explanation])),
    isCorrupt
  )
})

test('a word that an enum does not have, and a member that a message does not have, are refused', () => {
  const invalid = (hint) => (error) => error.reason === 'invalid_argument' && error.hint.includes(hint)
  assert.throws(
    () => encodeRequest('saveDatasource', { datasource: { fields: [{ type: 'text' }] } }),
    invalid('string')
  )
  assert.throws(() => encodeRequest('saveDatasource', { datasource: { name: 'd' } }), invalid('title'))
})
