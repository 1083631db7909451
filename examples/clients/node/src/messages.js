// The messages of proto/slate/wire/wire.proto as plain objects. Members are named as there, in camelCase; the words of
// an enum are lower case without the enum's name ("TYPE_STRING" is "string"); texts, which are bytes in the messages,
// are strings; 64-bit integers are numbers where they are exact, else BigInt; constants and distinct values are values.
import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'
import { corrupt, SlateError } from './errors.js'
import { decodeValue, encodeValue, toInteger } from './value.js'

const PROTO =
  process.env.SLATE_PROTO ?? fileURLToPath(new URL('../../../../proto/slate/wire/wire.proto', import.meta.url))

const root = new protobuf.Root().loadSync(PROTO)
root.resolveAll()
const Request = root.lookupType('slate.wire.v1.Request')
const Answer = root.lookupType('slate.wire.v1.Answer')
const ResultColumns = root.lookupType('slate.wire.v1.ResultColumns')

// Bytes that are no text.
const VALUES = new Set(['Literal.value', 'DistinctValue.value'])
const OPAQUE = new Set(['Welcome.scopeKey'])
// Bytes that are a ResultColumns message.
const COLUMNS = new Set(['RowsHead.columns', 'RecordFound.columns'])

const nameOf = (field) => `${field.parent.name}.${field.name}`

// Whether a message tells a member that is not there from one that has its default.
const hasPresence = (field) => field.partOf !== null || field.resolvedType instanceof protobuf.Type

// ---- Enums

/** The words of an enum by number, and the numbers by word. @type {Map<protobuf.Enum, {words: Map, numbers: Map}>} */
const enums = new Map()

function wordsOf (type) {
  if (enums.has(type)) return enums.get(type)
  const prefix = type.name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase() + '_'
  const words = new Map()
  const numbers = new Map()
  for (const [name, number] of Object.entries(type.values)) {
    const word = (name.startsWith(prefix) ? name.slice(prefix.length) : name).toLowerCase()
    words.set(number, word)
    numbers.set(word, number)
  }
  enums.set(type, { words, numbers })
  return enums.get(type)
}

// ---- From messages to plain objects

function readOne (field, value) {
  if (field.resolvedType instanceof protobuf.Enum) return wordsOf(field.resolvedType).words.get(value) ?? value
  if (field.resolvedType !== null) return readMessage(field.resolvedType, value)
  if (field.type === 'bytes') {
    if (VALUES.has(nameOf(field))) return decodeValue(Buffer.from(value))
    if (COLUMNS.has(nameOf(field))) return readMessage(ResultColumns, ResultColumns.decode(value)).columns
    return OPAQUE.has(nameOf(field)) ? Buffer.from(value) : Buffer.from(value).toString('utf8')
  }
  return protobuf.util.Long.isLong(value) ? readLong(value) : value
}

const readLong = ({ low, high, unsigned }) => {
  const bits = (BigInt(high) << 32n) | BigInt(low >>> 0)
  return toInteger(unsigned ? BigInt.asUintN(64, bits) : BigInt.asIntN(64, bits))
}

// A member that is optional, of a oneof or a message is missing when it was not sent; any other has its default.
function readMessage (type, message) {
  const plain = {}
  for (const field of type.fieldsArray) {
    const value = message[field.name]
    const isSent = Object.hasOwn(message, field.name) && value !== null
    if (field.repeated) {
      plain[field.name] = value.map((element) => readOne(field, element))
    } else if (isSent || !hasPresence(field)) {
      plain[field.name] = readOne(field, value)
    }
  }
  return plain
}

/**
 * @param {Buffer} bytes
 * @returns {{name: string | undefined, body: Object}} the answer's name as in the oneof; undefined for one that is
 *   newer than this client
 */
export function decodeAnswer (bytes) {
  try {
    const answer = Answer.decode(bytes)
    const name = answer.body
    return { name, body: name === undefined ? {} : readMessage(Answer.fields[name].resolvedType, answer[name]) }
  } catch (error) {
    throw error instanceof SlateError ? error : corrupt(`an answer is no message: ${error.message}`)
  }
}

// ---- From plain objects to messages

function writeOne (field, value) {
  const type = field.resolvedType
  if (type instanceof protobuf.Enum) {
    const number = wordsOf(type).numbers.get(value)
    if (number === undefined) throw unknown(`${nameOf(field)} is not ${JSON.stringify(value)}`, wordsOf(type).numbers)
    return number
  }
  if (type !== null) return writeMessage(type, value)
  if (field.type === 'bytes') {
    if (VALUES.has(nameOf(field))) return encodeValue(value)
    return typeof value === 'string' ? Buffer.from(value) : value
  }
  if (!field.type.endsWith('int64')) return value
  const bits = BigInt.asUintN(64, BigInt(value))
  return protobuf.util.Long.fromBits(Number(bits & 0xffffffffn) | 0, Number(bits >> 32n) | 0, field.type === 'uint64')
}

// Proto3 leaves out what has its default.
const isDefault = (value) =>
  value === 0 || value === false || value.length === 0 || (protobuf.util.Long.isLong(value) && value.isZero())

function writeMessage (type, plain) {
  const message = {}
  for (const [name, value] of Object.entries(plain)) {
    if (value === undefined) continue
    const field = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined
    if (field === undefined) throw unknown(`${type.name} has no member "${name}"`, new Map(Object.entries(type.fields)))
    const written = field.repeated ? value.map((element) => writeOne(field, element)) : writeOne(field, value)
    if (hasPresence(field) || !isDefault(written)) message[name] = written
  }
  return type.create(message)
}

const unknown = (message, names) =>
  new SlateError('invalid_argument', message, { hint: `one of ${[...names.keys()].join(', ')}` })

/**
 * @param {string} name of the request, as in the oneof
 * @param {Object} body
 * @param {number} [deadlineMs]
 * @returns {Uint8Array}
 */
export function encodeRequest (name, body, deadlineMs = 0) {
  try {
    return Request.encode(writeMessage(Request, { deadlineMs, [name]: body })).finish()
  } catch (error) {
    // A filter that is nested without end, say, or a text where a number belongs.
    throw error instanceof SlateError
      ? error
      : new SlateError('invalid_argument', `${name} is no message: ${error.message}`)
  }
}

/**
 * What a frame from a client asks for.
 * @param {Buffer} bytes
 */
export function decodeRequest (bytes) {
  const { deadlineMs, body, ...request } = Request.decode(bytes)
  return { deadlineMs, name: body, body: readMessage(Request.fields[body].resolvedType, request[body]) }
}
