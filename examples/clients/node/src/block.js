// Blocks: docs/formats/block.md. A block is checked before a value is taken out of it; this survives any bytes.
import { corrupt } from './errors.js'
import { decodeList, toDate, toInteger } from './value.js'
import { xxh64 } from './xxh64.js'

const MAGIC = 0x31424c53
const HEADER_BYTES = 40
const ENTRY_BYTES = 40
const MAX_ROWS = 1024

/** The bit that tells the column of a field's expiry times from that of its values. */
const EXPIRY = 0x80000000

const TYPE_NAMES = ['', 'string', 'int', 'float', 'bool', 'date', 'list']
const ENCODING = { integer: 1, float: 2, plain: 3, dictionary: 4 }

/**
 * One column. `at(row)` is the row's value, null where it has none.
 * @typedef {{field: number, type: string, at: (row: number) => *}} Column
 */

/** Up to 1,024 rows, column by column. */
export class Block {
  /**
   * @param {number} rowCount
   * @param {bigint} firstDocid
   * @param {number[]} liveRows
   * @param {Map<number, Column>} columns by field
   */
  constructor (rowCount, firstDocid, liveRows, columns) {
    this.rowCount = rowCount
    this.firstDocid = firstDocid
    /** The numbers of the rows that belong to the answer, in order. */
    this.liveRows = liveRows
    this.columns = columns
  }

  /**
   * What a row has in a field; null where the field has no column, or one of another type.
   * @param {number} field
   * @param {string} type as declared
   * @param {number} now Unix milliseconds: a cell that expires then or before reads as null
   * @returns {(row: number) => *}
   */
  reader (field, type, now) {
    const column = this.columns.get(field)
    if (column === undefined || column.type !== type) return () => null
    const expiry = this.columns.get(field + EXPIRY)
    if (expiry === undefined) return column.at
    return (row) => {
      const expires = expiry.at(row)
      return expires !== null && expires <= now ? null : column.at(row)
    }
  }
}

/**
 * The blocks of a payload, one behind the other.
 * @param {Buffer} payload
 * @returns {Generator<Block>}
 */
export function * decodeBlocks (payload) {
  for (let at = 0; at < payload.length;) {
    if (payload.length - at < HEADER_BYTES) throw corrupt('a block is shorter than its header')
    const size = payload.readUInt32LE(at + 4)
    if (size < HEADER_BYTES || size > payload.length - at) throw corrupt(`a block of ${size} bytes leaves its frame`)
    yield decodeBlock(payload.subarray(at, at + size))
    at += size
  }
}

/**
 * @param {Buffer} bytes one block, whole
 * @returns {Block}
 */
export function decodeBlock (bytes) {
  if (bytes.length < HEADER_BYTES) throw corrupt('a block is shorter than its header')
  if (bytes.readUInt32LE(0) !== MAGIC) throw corrupt('a block begins with another magic')
  if (bytes.readUInt32LE(4) !== bytes.length) throw corrupt('a block has another size than its bytes')
  // On the wire the checksum is 0: TCP has one of its own.
  const checksum = bytes.readBigUInt64LE(8)
  if (checksum !== 0n && checksum !== xxh64(bytes.subarray(16))) throw corrupt('a block does not match its checksum')

  const rowCount = bytes.readUInt32LE(24)
  const columnCount = bytes.readUInt16LE(32)
  const hasLiveBitmap = flag(bytes.readUInt16LE(34), 'a live bitmap')
  if (rowCount < 1 || rowCount > MAX_ROWS) throw corrupt(`a block has ${rowCount} rows`)
  const directory = HEADER_BYTES + (hasLiveBitmap ? bitmapBytes(rowCount) : 0)
  const directoryEnd = directory + columnCount * ENTRY_BYTES
  if (directoryEnd > bytes.length) throw corrupt('the directory leaves the block')

  const isLive = hasLiveBitmap ? bitmap(bytes, HEADER_BYTES) : () => true
  const liveRows = []
  for (let row = 0; row < rowCount; row++) if (isLive(row)) liveRows.push(row)

  const columns = new Map()
  let previous = -1
  for (let i = 0; i < columnCount; i++) {
    const column = decodeColumn(bytes, directory + i * ENTRY_BYTES, directoryEnd, rowCount)
    if (column.field <= previous) throw corrupt('the fields of a block do not ascend')
    previous = column.field
    columns.set(column.field, column)
  }
  return new Block(rowCount, bytes.readBigUInt64LE(16), liveRows, columns)
}

const bitmapBytes = (rows) => Math.ceil(rows / 64) * 8

// Bit n mod 64 of little-endian word n / 64 is bit n mod 8 of byte n / 8.
const bitmap = (bytes, at) => (row) => ((bytes[at + (row >> 3)] >> (row & 7)) & 1) === 1

function flag (value, what) {
  if (value > 1) throw corrupt(`the flag of ${what} is ${value}`)
  return value === 1
}

/** @returns {Column} */
function decodeColumn (bytes, entry, directoryEnd, rowCount) {
  const field = bytes.readUInt32LE(entry)
  const type = TYPE_NAMES[bytes[entry + 4]]
  const encoding = bytes[entry + 5]
  const width = bytes[entry + 6]
  const hasValidity = flag(bytes[entry + 7], 'a validity bitmap')
  const offset = bytes.readUInt32LE(entry + 8)
  const size = bytes.readUInt32LE(entry + 12)
  if (!type) throw corrupt(`a column has the unknown type ${bytes[entry + 4]}`)
  if (offset % 8 !== 0 || offset < directoryEnd || offset + size > bytes.length) {
    throw corrupt(`the column of field ${field} is not where columns can be`)
  }
  const column = bytes.subarray(offset, offset + size)
  const validityBytes = hasValidity ? bitmapBytes(rowCount) : 0
  if (size < validityBytes) throw corrupt(`the column of field ${field} is shorter than its validity bitmap`)
  const isThere = hasValidity ? bitmap(column, 0) : () => true
  const payload = column.subarray(validityBytes)
  const value = decodePayload({ field, type, encoding, width, rowCount, payload, bytes, entry })
  return { field, type, at: hasValidity ? (row) => (isThere(row) ? value(row) : null) : value }
}

function decodePayload (column) {
  const { field, type, encoding } = column
  if (encoding === ENCODING.integer && type === 'int') return decodeIntegers(column)
  if (encoding === ENCODING.integer && type === 'bool') return map(decodeIntegers(column), (value) => value !== 0)
  if (encoding === ENCODING.integer && type === 'date') return map(decodeIntegers(column), toDate)
  if (encoding === ENCODING.float && type === 'float') return decodeFloats(column)
  if (encoding === ENCODING.plain && type === 'string') return decodePlain(column, (text) => text.toString('utf8'))
  if (encoding === ENCODING.plain && type === 'list') return decodePlain(column, decodeList)
  if (encoding === ENCODING.dictionary && type === 'string') return decodeDictionary(column)
  throw corrupt(`the column of field ${field} has the type ${type} and the encoding ${encoding}`)
}

const map = (read, change) => (row) => change(read(row))

function decodeIntegers ({ field, width, rowCount, payload, bytes, entry }) {
  if (![0, 1, 2, 4, 8].includes(width)) throw corrupt(`the deltas of field ${field} have ${width} bytes`)
  if (payload.length !== width * rowCount) throw corrupt(`the deltas of field ${field} have another size than its rows`)
  const minimum = bytes.readBigInt64LE(entry + 24)
  const smallest = Number(minimum)
  // With deltas of up to four bytes the sum is exact as a number, but for minima at the edge of what is.
  if (width <= 4 && Number.isSafeInteger(smallest) && Number.isSafeInteger(smallest + 0xffffffff)) {
    if (width === 0) return () => smallest
    return (row) => smallest + payload.readUIntLE(row * width, width)
  }
  const delta =
    width === 8
      ? (row) => payload.readBigUInt64LE(row * 8)
      : (row) => (width === 0 ? 0n : BigInt(payload.readUIntLE(row * width, width)))
  return (row) => toInteger(BigInt.asIntN(64, minimum + delta(row)))
}

function decodeFloats ({ field, width, rowCount, payload }) {
  if (width !== 8) throw corrupt(`the floats of field ${field} have ${width} bytes`)
  if (payload.length !== 8 * rowCount) throw corrupt(`the floats of field ${field} have another size than its rows`)
  return (row) => payload.readDoubleLE(row * 8)
}

// count + 1 offsets of `width` bytes, and the bytes that they divide.
function decodeTexts (field, bytes, width, count, decode) {
  const start = (count + 1) * width
  if (start > bytes.length) throw corrupt(`the offsets of field ${field} leave their column`)
  const offset = (n) => start + bytes.readUIntLE(n * width, width)
  if (offset(0) !== start) throw corrupt(`the offsets of field ${field} do not begin at 0`)
  for (let n = 0; n < count; n++) {
    if (offset(n + 1) < offset(n)) throw corrupt(`the offsets of field ${field} fall`)
  }
  if (offset(count) !== bytes.length) throw corrupt(`the offsets of field ${field} do not end with its bytes`)
  return (n) => decode(bytes.subarray(offset(n), offset(n + 1)))
}

function decodePlain ({ field, width, rowCount, payload }, decode) {
  if (width !== 2 && width !== 4) throw corrupt(`the offsets of field ${field} have ${width} bytes`)
  return decodeTexts(field, payload, width, rowCount, decode)
}

function decodeDictionary ({ field, width, rowCount, payload, bytes, entry }) {
  if (width > 2) throw corrupt(`the codes of field ${field} have ${width} bytes`)
  const size = bytes.readUInt32LE(entry + 16)
  const codesEnd = Math.ceil((width * rowCount) / 4) * 4
  if (size < 1 || codesEnd > payload.length) throw corrupt(`the codes of field ${field} leave their column`)
  const code = width === 0 ? () => 0 : (row) => payload.readUIntLE(row * width, width)
  for (let row = 0; row < rowCount; row++) {
    if (code(row) >= size) throw corrupt(`a code of field ${field} is beyond its dictionary`)
  }
  const text = decodeTexts(field, payload.subarray(codesEnd), 4, size, (text) => text.toString('utf8'))
  const known = new Array(size <= MAX_ROWS ? size : 0)
  // A string of a dictionary is made once for all its rows.
  return (row) => {
    const n = code(row)
    return (known[n] ??= text(n))
  }
}
