// Values with a tag: docs/formats/block.md, "Cells of lists". The constants of filters, distinct values and the cells
// of writes have the same encoding.
import { corrupt, SlateError } from './errors.js'

// A list in a list in a list ... costs a reader stack; a record has at most 8 levels (docs/formats/manifests.md).
const MAX_DEPTH = 16

const TAG = { null: 0, string: 1, int: 2, float: 3, bool: 4, date: 5, list: 6, map: 7 }

class Float {
  constructor (value) {
    this.value = value
  }
}

/**
 * A number that is sent as a float although it has no fraction: 3 alone is an int.
 * @param {number} value
 */
export const float = (value) => new Float(value)

/**
 * A 64-bit integer: a number where it is exact, else a BigInt.
 * @param {bigint} value
 */
export const toInteger = (value) =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value

const MAX_DATE_SECONDS = 8.64e12

/**
 * Seconds since 1970 as a Date; as the integer where a Date does not reach so far.
 * @param {number | bigint} seconds
 */
export const toDate = (seconds) =>
  seconds >= -MAX_DATE_SECONDS && seconds <= MAX_DATE_SECONDS ? new Date(Number(seconds) * 1000) : seconds

const invalid = (message) => new SlateError('invalid_argument', message)

/** Collects bytes of which nobody knows beforehand how many there are. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(256)
  #size = 0

  u8 (value) {
    const at = this.#grow(1)
    this.#bytes[at] = value
  }

  u32 (value) {
    const at = this.#grow(4)
    this.#bytes.writeUInt32LE(value, at)
  }

  i64 (value) {
    if (BigInt.asIntN(64, value) !== value) throw invalid(`${value} does not fit into 64 bits`)
    const at = this.#grow(8)
    this.#bytes.writeBigInt64LE(value, at)
  }

  f64 (value) {
    const at = this.#grow(8)
    this.#bytes.writeDoubleLE(value, at)
  }

  /** A text with its size in front. */
  text (value) {
    const size = Buffer.byteLength(value)
    this.u32(size)
    const at = this.#grow(size)
    this.#bytes.write(value, at)
  }

  /** @param {number} at where an u32 stands that was not known when it was written */
  patchU32 (at, value) {
    this.#bytes.writeUInt32LE(value, at)
  }

  get size () {
    return this.#size
  }

  finish () {
    return this.#bytes.subarray(0, this.#size)
  }

  // May move the bytes: the place comes first, the bytes after.
  #grow (count) {
    const at = this.#size
    this.#size += count
    if (this.#size > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#size, 2 * this.#bytes.length))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    return at
  }
}

/**
 * Writes one value: null, string, integer (a number without a fraction, or a BigInt), float, boolean, Date, array, or
 * an object whose members are the entries of a map.
 * @param {ByteWriter} writer
 * @param {*} value
 */
export function writeValue (writer, value) {
  switch (typeof value) {
    case 'string':
      writer.u8(TAG.string)
      return writer.text(value)
    case 'boolean':
      writer.u8(TAG.bool)
      return writer.u8(value ? 1 : 0)
    case 'bigint':
      writer.u8(TAG.int)
      return writer.i64(value)
    case 'number':
      if (!Number.isInteger(value)) return writeFloat(writer, value)
      if (!Number.isSafeInteger(value)) throw invalid(`${value} is not exact: write a BigInt, or float(${value})`)
      writer.u8(TAG.int)
      return writer.i64(BigInt(value))
    case 'object':
      return writeObject(writer, value)
    default:
      throw invalid(`a value cannot be of type ${typeof value}`)
  }
}

function writeObject (writer, value) {
  if (value === null) return writer.u8(TAG.null)
  if (value instanceof Float) return writeFloat(writer, value.value)
  if (value instanceof Date) {
    const seconds = value.getTime() / 1000
    if (!Number.isInteger(seconds)) throw invalid('a date has whole seconds')
    writer.u8(TAG.date)
    return writer.i64(BigInt(seconds))
  }
  if (Array.isArray(value)) {
    writer.u8(TAG.list)
    writer.u32(value.length)
    return value.forEach((element) => writeValue(writer, element))
  }
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined)
  writer.u8(TAG.map)
  writer.u32(entries.length)
  for (const [name, entry] of entries) {
    writer.text(name)
    writeValue(writer, entry)
  }
}

function writeFloat (writer, value) {
  if (!Number.isFinite(value)) throw invalid(`a float is finite, not ${value}`)
  writer.u8(TAG.float)
  writer.f64(value)
}

/** @returns {Buffer} */
export function encodeValue (value) {
  const writer = new ByteWriter()
  writeValue(writer, value)
  return writer.finish()
}

/** Reads values one after the other, and never beyond the bytes that it was given. */
class ValueReader {
  #bytes
  #at = 0

  constructor (bytes) {
    this.#bytes = bytes
  }

  get left () {
    return this.#bytes.length - this.#at
  }

  value (depth) {
    if (depth > MAX_DEPTH) throw corrupt('a value has too many levels')
    const tag = this.#bytes[this.#skip(1)]
    switch (tag) {
      case TAG.null:
        return null
      case TAG.string:
        return this.#text()
      case TAG.int:
        return toInteger(this.#i64())
      case TAG.float:
        return this.#bytes.readDoubleLE(this.#skip(8))
      case TAG.bool:
        return this.#bytes[this.#skip(1)] !== 0
      case TAG.date:
        return toDate(toInteger(this.#i64()))
      case TAG.list:
        return this.list(depth + 1)
      case TAG.map:
        return this.#map(depth + 1)
      default:
        throw corrupt(`a value has the unknown tag ${tag}`)
    }
  }

  list (depth) {
    return Array.from({ length: this.#count(1) }, () => this.value(depth))
  }

  // fromEntries() makes a member of every name, "__proto__" included.
  #map (depth) {
    return Object.fromEntries(Array.from({ length: this.#count(5) }, () => [this.#text(), this.value(depth)]))
  }

  // Every element has a byte at least, so a count beyond that is none, and nothing is allocated for it.
  #count (leastBytes) {
    const count = this.#u32()
    if (count * leastBytes > this.left) throw corrupt(`${count} elements do not fit into ${this.left} bytes`)
    return count
  }

  #u32 () {
    return this.#bytes.readUInt32LE(this.#skip(4))
  }

  #i64 () {
    return this.#bytes.readBigInt64LE(this.#skip(8))
  }

  #text () {
    const size = this.#u32()
    const start = this.#skip(size)
    return this.#bytes.toString('utf8', start, start + size)
  }

  #skip (count) {
    if (count > this.left) throw corrupt('a value ends too early')
    const at = this.#at
    this.#at += count
    return at
  }
}

function readWhole (bytes, read) {
  const reader = new ValueReader(bytes)
  const value = read(reader)
  if (reader.left > 0) throw corrupt(`${reader.left} bytes follow a value`)
  return value
}

/**
 * One value with its tag.
 * @param {Buffer} bytes
 */
export const decodeValue = (bytes) => readWhole(bytes, (reader) => reader.value(0))

/**
 * The cell of a list column, which has no tag of its own.
 * @param {Buffer} bytes
 */
export const decodeList = (bytes) => readWhole(bytes, (reader) => reader.list(0))
