import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SlateError } from '../src/errors.js'
import { decodeList, decodeValue, encodeValue, float } from '../src/value.js'

const isCorrupt = (error) => error instanceof SlateError && error.reason === 'corrupt'
const isInvalid = (error) => error instanceof SlateError && error.reason === 'invalid_argument'

const EVERYTHING = [
  'text',
  'ä€😀',
  1,
  -1,
  1.5,
  true,
  false,
  null,
  new Date(0),
  [['deep', []]],
  { a: 1, b: { c: [2] } },
  2n ** 63n - 1n
]

test('a value comes back as it was written', () => {
  for (const value of EVERYTHING) assert.deepEqual(decodeValue(encodeValue(value)), value)
  assert.deepEqual(decodeValue(encodeValue(EVERYTHING)), EVERYTHING)
  assert.deepEqual(decodeValue(encodeValue('x'.repeat(100_000))), 'x'.repeat(100_000))
})

test('a value has the bytes of the format page', () => {
  const hex = (value) => encodeValue(value).toString('hex')
  assert.equal(hex(null), '00')
  assert.equal(hex('ab'), '01020000006162')
  assert.equal(hex(300), '022c01000000000000')
  assert.equal(hex(-1n), '02ffffffffffffffff')
  assert.equal(hex(1.5), '03000000000000f83f')
  assert.equal(hex(float(1)), '03000000000000f03f')
  assert.equal(hex(true), '0401')
  assert.equal(hex(new Date(1000)), '050100000000000000')
  assert.equal(hex([null]), '060100000000')
  assert.equal(hex({ a: null, b: undefined }), '0701000000010000006100')
})

test('integers are numbers where that is exact, and BigInt beyond', () => {
  for (const value of [2 ** 53 - 1, -(2 ** 53) + 1, 2n ** 53n, -(2n ** 63n)]) {
    assert.equal(decodeValue(encodeValue(value)), value)
  }
})

test('what a value cannot be is refused before it is sent', () => {
  for (const value of [
    NaN,
    Infinity,
    2 ** 53,
    2n ** 63n,
    undefined,
    () => {},
    new Date(1),
    new Date(NaN),
    float(NaN)
  ]) {
    assert.throws(() => encodeValue(value), isInvalid, String(value))
  }
})

test('a date that a Date cannot hold comes as its seconds', () => {
  const bytes = encodeValue(2n ** 60n)
  bytes[0] = 5
  assert.equal(decodeValue(bytes), 2n ** 60n)
})

test('a value that ends too early is corrupt, at every length', () => {
  const whole = encodeValue(EVERYTHING)
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => decodeValue(whole.subarray(0, length)), isCorrupt, `${length} bytes`)
  }
  assert.throws(() => decodeValue(Buffer.concat([whole, Buffer.alloc(1)])), isCorrupt)
})

test('a value with any bit flipped is read or corrupt', () => {
  const whole = encodeValue(EVERYTHING)
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const flipped = Buffer.from(whole)
    flipped[bit >> 3] ^= 1 << (bit & 7)
    try {
      decodeValue(flipped)
    } catch (error) {
      assert.ok(isCorrupt(error), error)
    }
  }
})

test('lists within lists without end are corrupt', () => {
  const level = Buffer.from('0601000000', 'hex')
  assert.throws(() => decodeValue(Buffer.concat(new Array(100_000).fill(level))), isCorrupt)
})

test('a name in a map is a member, whatever it is', () => {
  const bytes = encodeValue({ ['__proto__']: 1, a: 2 })
  const value = decodeValue(bytes)
  assert.deepEqual(Object.entries(value), [
    ['__proto__', 1],
    ['a', 2]
  ])
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
})

test('the cell of a list has no tag', () => {
  assert.deepEqual(decodeList(encodeValue(['a', 1]).subarray(1)), ['a', 1])
})
