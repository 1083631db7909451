// One connection: which answer belongs to which request, and what happens to all of them when it ends.
import net from 'node:net'
import tls from 'node:tls'
import { corrupt, SlateError, unavailable } from './errors.js'
import { encodeFrame, FrameReader, PREAMBLE } from './frame.js'
import { decodeAnswer, encodeRequest } from './messages.js'

// A server that is late itself has so long to say so in its own words.
const GRACE_MS = 100

const MAX_ID = 0xffffffff

// A frame's header and the padding before its payload.
const FRAME_OVERHEAD = 12 + 7

/**
 * Who waits for the answers to a request.
 * @typedef {object} Receiver
 * @property {(name: string, body: Object, payload: Buffer) => boolean} answer returns whether more answers follow
 * @property {(error: Error) => void} fail called once at most, and then nothing else is
 */

/**
 * @typedef {object} CallOptions
 * @property {number} [deadline] milliseconds after which the answer is the error `deadline_exceeded`
 * @property {AbortSignal} [signal] stops the request at the server; the answer is then the error `cancelled`, or what
 *   was finished before
 */

export class Connection {
  /** What the server said of itself and of this connection: the Welcome. */
  welcome
  #socket
  #reader = new FrameReader()
  /** @type {Map<number, {receiver: Receiver | null, release: () => void}>} */
  #calls = new Map()
  #lastId = 0
  #error = null
  #ended
  #keepAlive

  /** @param {net.Socket} socket */
  constructor (socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 30_000)
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', (error) => this.#fail(unavailable(`the connection broke: ${error.message}`)))
    this.#ended = new Promise((resolve) => socket.once('close', resolve))
    socket.once('close', () => {
      clearInterval(this.#keepAlive)
      this.#fail(
        unavailable(
          this.#reader.isBetweenFrames ? 'the server closed the connection' : 'the connection ended within a frame'
        )
      )
    })
  }

  /**
   * Connects and shakes hands.
   * @param {{host: string, port: number, token: string, name: string, tls?: tls.ConnectionOptions, timeout: number}}
   *   options
   */
  static async open ({ host, port, token, name, tls: secure, timeout }) {
    const socket = secure
      ? tls.connect({ host, port, servername: net.isIP(host) ? '' : host, ...secure })
      : net.connect({ host, port })
    const connection = new Connection(socket)
    socket.write(PREAMBLE)
    try {
      connection.welcome = await connection.request('hello', { version: 1, token, client: name }, 'welcome', {
        deadline: timeout
      })
    } catch (error) {
      socket.destroy()
      throw error
    }
    // The server closes what it hears nothing of.
    const { idleMs } = connection.welcome.limits
    if (idleMs > 0) {
      connection.#keepAlive = setInterval(() => connection.request('ping', {}, 'pong').catch(() => {}), idleMs / 3)
      connection.#keepAlive.unref()
    }
    return connection
  }

  /** Why the connection ended; null while it has not. */
  get error () {
    return this.#error
  }

  /** Resolves when the connection has ended. */
  get ended () {
    return this.#ended
  }

  close () {
    this.#fail(unavailable('the connection was closed'))
    return this.#ended
  }

  /**
   * A request with one answer.
   * @param {string} name
   * @param {Object} body
   * @param {string | string[]} expected the name of the answer; of several, the body is answered with its name
   * @param {CallOptions & {payload?: Buffer}} [options]
   */
  request (name, body, expected, options = {}) {
    return new Promise((resolve, reject) => {
      this.start(name, body, options, {
        answer: (answerName, answer, payload) => {
          if (Array.isArray(expected) && expected.includes(answerName)) resolve({ name: answerName, answer, payload })
          else if (answerName === expected) resolve(payload.length > 0 ? { ...answer, payload } : answer)
          else reject(corrupt(`${name} was answered by ${answerName}`))
          return false
        },
        fail: reject
      })
    })
  }

  /**
   * Sends a request.
   * @param {string} name
   * @param {Object} body
   * @param {CallOptions & {payload?: Buffer}} options
   * @param {Receiver} receiver
   * @returns {{grant: (bytes: number) => void, cancel: () => void}} what can be said about it while it is under way
   */
  start (name, body, { payload, deadline = 0, signal }, receiver) {
    const nothing = { grant () {}, cancel () {} }
    const refuse = (error) => {
      receiver.fail(error)
      return nothing
    }
    if (this.#error) return refuse(this.#error)
    if (signal?.aborted) return refuse(new SlateError('cancelled', 'the request was stopped before it was sent'))
    let message
    try {
      message = encodeRequest(name, body, deadline)
      this.#checkSize(name, message.length + (payload?.length ?? 0) + FRAME_OVERHEAD)
    } catch (error) {
      return refuse(error)
    }

    const id = this.#nextId()
    const say = (what, words) => {
      if (this.#calls.has(id) && !this.#error) this.#send(id, encodeRequest(what, words))
    }
    const cancel = () => say('cancel', {})
    const timer = deadline > 0 ? setTimeout(() => this.#giveUp(id, cancel), deadline + GRACE_MS) : undefined
    signal?.addEventListener('abort', cancel, { once: true })
    const release = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
    }
    this.#calls.set(id, { receiver, release })
    this.#send(id, message, payload)
    return { grant: (bytes) => say('grant', { bytes }), cancel }
  }

  // A request that is too large would cost the connection.
  #checkSize (name, bytes) {
    const limits = this.welcome?.limits
    if (!limits) return
    const most = name === 'writeBatch' || name === 'loadRows' ? limits.writeFrameBytes : limits.frameBytes
    if (bytes > most) {
      throw new SlateError(
        'payload_too_large',
        `a request of ${bytes} bytes is beyond the ${most} that the server takes`,
        { hint: 'send less at once' }
      )
    }
  }

  // Its id stays taken until the server has answered.
  #giveUp (id, cancel) {
    const call = this.#calls.get(id)
    cancel()
    call.release()
    call.receiver?.fail(new SlateError('deadline_exceeded', 'the server did not answer in time'))
    call.receiver = null
  }

  #nextId () {
    do {
      this.#lastId = this.#lastId >= MAX_ID ? 1 : this.#lastId + 1
    } while (this.#calls.has(this.#lastId))
    return this.#lastId
  }

  #send (id, message, payload) {
    this.#socket.cork()
    for (const piece of encodeFrame(id, message, payload)) this.#socket.write(piece)
    this.#socket.uncork()
  }

  #receive (chunk) {
    try {
      for (const frame of this.#reader.push(chunk)) {
        if (this.#error) return
        this.#dispatch(frame)
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #dispatch ({ id, message, payload }) {
    const { name, body } = decodeAnswer(message)
    const error = name === 'error' ? new SlateError(body.reason, body.message, body) : null
    if (id === 0) throw error ?? corrupt(`${name} came for the connection`)
    const call = this.#calls.get(id)
    if (!call) throw corrupt(`an answer came for the request ${id}, which is not under way`)
    const { receiver } = call
    if (error) {
      this.#end(id)
      receiver?.fail(error)
    } else if (receiver === null) {
      // Nobody waits for it any more. A query may have had several frames under way.
      if (name !== 'rows' || body.end) this.#end(id)
    } else if (!receiver.answer(name, body, payload)) {
      this.#end(id)
    }
  }

  #end (id) {
    this.#calls.get(id).release()
    this.#calls.delete(id)
  }

  // Ends the connection, and everything that is under way on it with the same reason.
  #fail (error) {
    if (this.#error) return
    this.#error = error
    this.#socket.destroy()
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    for (const { receiver, release } of calls) {
      release()
      receiver?.fail(error)
    }
  }
}
