// Frames of the TCP protocol: docs/formats/wire.md, "Frames".
import { corrupt } from './errors.js'

/** "SLATE", a line end, and the version of the framing: what a client sends before its first frame. */
export const PREAMBLE = Buffer.from([0x53, 0x4c, 0x41, 0x54, 0x45, 0x0d, 0x0a, 0x01])

/** The most that a server sends in one frame: 32 MiB, header included. */
export const MAX_ANSWER_BYTES = 32 << 20

const HEADER_BYTES = 12
const NO_BYTES = Buffer.alloc(0)

const nextMultipleOf8 = (size) => (size + 7) & ~7

/**
 * One frame as the pieces that go out one after the other; large payloads are not copied.
 * @param {number} id
 * @param {Uint8Array} message
 * @param {Uint8Array} [payload]
 * @returns {Buffer[]}
 */
export function encodeFrame (id, message, payload = NO_BYTES) {
  const messageEnd = HEADER_BYTES + message.length
  const start = payload.length > 0 ? nextMultipleOf8(messageEnd) : messageEnd
  const head = Buffer.alloc(start)
  head.writeUInt32LE(start + payload.length - 4, 0)
  head.writeUInt32LE(id, 4)
  head.writeUInt32LE(message.length, 8)
  head.set(message, HEADER_BYTES)
  return payload.length > 0 ? [head, payload] : [head]
}

/**
 * Makes frames of the bytes that a connection delivers in whatever pieces.
 * @typedef {{id: number, message: Buffer, payload: Buffer}} Frame
 */
export class FrameReader {
  #chunks = []
  #size = 0
  #maxBytes

  /** @param {number} [maxBytes] a frame that says it is larger is refused before anything is kept for it */
  constructor (maxBytes = MAX_ANSWER_BYTES) {
    this.#maxBytes = maxBytes
  }

  /**
   * Takes bytes and gives the frames that are whole with them.
   * @param {Buffer} chunk
   * @returns {Generator<Frame>}
   */
  * push (chunk) {
    if (chunk.length > 0) this.#chunks.push(chunk)
    this.#size += chunk.length
    while (this.#size >= 4) {
      const length = this.#first(4).readUInt32LE(0)
      if (length < HEADER_BYTES - 4) throw corrupt(`a frame of ${length} bytes has no room for its header`)
      if (length + 4 > this.#maxBytes) throw corrupt(`a frame of ${length} bytes is larger than any answer`)
      if (this.#size < length + 4) return
      yield decodeFrame(this.#take(length + 4))
    }
  }

  /** Whether the bytes so far end between two frames. */
  get isBetweenFrames () {
    return this.#size === 0
  }

  // The first bytes in one piece. Only a header is ever joined here, so a large frame that comes in many pieces is
  // copied once, when it is whole.
  #first (count) {
    if (this.#chunks[0].length < count) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]
  }

  #take (count) {
    if (this.#chunks[0].length < count) this.#chunks = [Buffer.concat(this.#chunks, this.#size)]
    const [first, ...rest] = this.#chunks
    this.#chunks = first.length > count ? [first.subarray(count), ...rest] : rest
    this.#size -= count
    return first.subarray(0, count)
  }
}

/** @returns {Frame} */
function decodeFrame (bytes) {
  const messageEnd = HEADER_BYTES + bytes.readUInt32LE(8)
  if (messageEnd > bytes.length) throw corrupt('a message is longer than its frame')
  const start = messageEnd < bytes.length ? nextMultipleOf8(messageEnd) : messageEnd
  if (messageEnd < bytes.length && start >= bytes.length) throw corrupt('a frame has padding but no payload')
  return {
    id: bytes.readUInt32LE(4),
    message: bytes.subarray(HEADER_BYTES, messageEnd),
    payload: bytes.subarray(start)
  }
}
