// Blocks as a server might send them, one for each encoding. Only tests write blocks.
import { encodeValue } from '../src/value.js'

const TYPE = { string: 1, int: 2, float: 3, bool: 4, date: 5, list: 6 }
const ENCODING = { integer: 1, float: 2, plain: 3, dictionary: 4 }

const pad = (bytes) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 7)])

/** @param {boolean[]} bits */
export function bitmap (bits) {
  const bytes = Buffer.alloc(Math.ceil(bits.length / 64) * 8)
  bits.forEach((bit, n) => {
    bytes[n >> 3] |= bit << (n & 7)
  })
  return bytes
}

const numbers = (values, width) => {
  const bytes = Buffer.alloc(values.length * width)
  values.forEach((value, n) => {
    if (width === 8) bytes.writeBigUInt64LE(BigInt(value), n * 8)
    else if (width > 0) bytes.writeUIntLE(value, n * width, width)
  })
  return bytes
}

const texts = (values, width) => {
  const bytes = values.map((value) => Buffer.from(value))
  const offsets = [0]
  for (const one of bytes) offsets.push(offsets.at(-1) + one.length)
  return Buffer.concat([numbers(offsets, width), ...bytes])
}

export const integers = (type, deltas, { width, minimum = 0n }) => ({
  type,
  encoding: 'integer',
  width,
  minimum,
  payload: numbers(deltas, width)
})

export const floats = (values) => {
  const payload = Buffer.alloc(values.length * 8)
  values.forEach((value, n) => payload.writeDoubleLE(value, n * 8))
  return { type: 'float', encoding: 'float', width: 8, payload }
}

export const plain = (values, { width = 2 } = {}) => ({
  type: 'string',
  encoding: 'plain',
  width,
  payload: texts(values, width)
})

export const lists = (values) => ({
  type: 'list',
  encoding: 'plain',
  width: 2,
  payload: texts(
    values.map((value) => encodeValue(value).subarray(1)),
    2
  )
})

export const dictionary = (codes, strings, { width = 1 } = {}) => {
  const packed = numbers(codes, width)
  const payload = Buffer.concat([packed, Buffer.alloc(-packed.length & 3), texts(strings, 4)])
  return { type: 'string', encoding: 'dictionary', width, dictionarySize: strings.length, payload }
}

/** @param {boolean[]} isThere */
export const withNulls = (column, isThere) => ({
  ...column,
  hasValidity: true,
  payload: Buffer.concat([bitmap(isThere), column.payload])
})

/**
 * @param {number} rowCount
 * @param {Object<number, Object>} columns by field
 * @param {{live?: boolean[], checksum?: bigint, spareEntries?: number}} [more]
 */
export function makeBlock (rowCount, columns, { live, checksum = 0n, spareEntries = 0 } = {}) {
  const fields = Object.entries(columns).map(([field, column]) => ({ field: Number(field), ...column }))
  fields.sort((a, b) => a.field - b.field)
  const liveBitmap = live ? bitmap(live) : Buffer.alloc(0)
  const directory = Buffer.alloc((fields.length + spareEntries) * 40)
  let offset = 40 + liveBitmap.length + directory.length
  fields.forEach((column, n) => {
    const at = n * 40
    directory.writeUInt32LE(column.field, at)
    directory[at + 4] = TYPE[column.type]
    directory[at + 5] = ENCODING[column.encoding]
    directory[at + 6] = column.width
    directory[at + 7] = column.hasValidity ? 1 : 0
    directory.writeUInt32LE(offset, at + 8)
    directory.writeUInt32LE(column.payload.length, at + 12)
    directory.writeUInt32LE(column.dictionarySize ?? 0, at + 16)
    directory.writeBigInt64LE(column.minimum ?? 0n, at + 24)
    offset += pad(column.payload).length
  })
  const header = Buffer.alloc(40)
  header.write('SLB1')
  header.writeUInt32LE(offset, 4)
  header.writeBigUInt64LE(checksum, 8)
  header.writeUInt32LE(rowCount, 24)
  header.writeUInt32LE(live ? live.filter(Boolean).length : rowCount, 28)
  header.writeUInt16LE(fields.length, 32)
  header.writeUInt16LE(live ? 1 : 0, 34)
  return Buffer.concat([header, liveBitmap, directory, ...fields.map(({ payload }) => pad(payload))])
}

/** A block of five rows with a column of every kind. */
export const everyEncoding = () =>
  makeBlock(
    5,
    {
      0: plain(['r1', 'r2', 'r3', 'r4', 'r5']),
      1: integers('int', [0, 1, 255, 3, 4], { width: 1, minimum: -1n }),
      2: withNulls(integers('int', [0n, 2n ** 64n - 1n, 5n, 0n, 7n], { width: 8, minimum: -(2n ** 63n) }), [
        true,
        true,
        true,
        false,
        true
      ]),
      3: integers('int', [], { width: 0, minimum: 42n }),
      4: floats([0, 1.5, -2.25, 1e300, 5e-324]),
      5: integers('bool', [1, 0, 1, 1, 0], { width: 1 }),
      6: integers('date', [0, 65535, 2, 3, 4], { width: 2, minimum: 1_700_000_000n }),
      7: dictionary([0, 1, 0, 2, 1], ['b', '', 'ä']),
      8: dictionary([], ['only'], { width: 0 }),
      9: lists([[], ['a', 'b'], [[1], [2, 3]], [{ a: 1, b: null }], [true, 1.5, new Date(1000)]]),
      0x80000001: withNulls(integers('int', [0, 10, 20, 0, 0], { width: 1, minimum: 1000n }), [
        true,
        true,
        true,
        false,
        false
      ])
    },
    { live: [true, true, false, true, true], spareEntries: 1 }
  )
