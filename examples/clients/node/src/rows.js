// The answer to a query while it arrives: docs/formats/wire.md, "Queries".
import { decodeBlocks } from './block.js'
import { corrupt, SlateError } from './errors.js'

/** @typedef {{field: string, type: string, items: Object[]}} ResultColumn */

/**
 * Makes objects of the rows of a block. A record has its id as `_id`, and what is in a map as an object within.
 * @param {ResultColumn[]} columns
 * @param {number} now Unix milliseconds, of the snapshot
 * @returns {(block: import('./block.js').Block) => Object[]}
 */
export function rowMaker (columns, now) {
  const paths = columns.map(({ field }) => field.split('.'))
  checkPaths(columns)
  return (block) => {
    const id = block.reader(0, 'string', now)
    const readers = columns.map(({ type }, n) => block.reader(n + 1, type, now))
    return block.liveRows.map((row) => {
      const record = { _id: id(row) }
      for (let n = 0; n < readers.length; n++) {
        const path = paths[n]
        let place = record
        for (let depth = 0; depth < path.length - 1; depth++) place = place[path[depth]] ??= {}
        place[path[path.length - 1]] = readers[n](row)
      }
      return record
    })
  }
}

// A name that is another column's map, or what every object has, is none that a server sends.
function checkPaths (columns) {
  const names = new Set(columns.map(({ field }) => field))
  for (const { field } of columns) {
    const path = field.split('.')
    if (path.includes('__proto__')) throw corrupt(`a column has the name ${field}`)
    for (let end = 1; end < path.length; end++) {
      if (names.has(path.slice(0, end).join('.'))) throw corrupt(`the column ${field} is inside another column`)
    }
  }
}

/**
 * Rows that arrive as they are read: an async iterable, once. At most about `window` bytes wait to be read; what is
 * beyond waits at the server, and holds back nothing else on the connection. A loop that is left early stops the query.
 */
export class Rows {
  /** How the answer ended, once all rows have been read: counters, and hasMore and the cursors of a page. */
  end = null
  #frames = []
  #error = null
  #isComplete = false
  /** @type {{promise: Promise<void>, resolve: () => void} | null} what those wait for who find nothing to read */
  #arrival = null
  #head = null
  #call
  #window
  #toGrant = 0

  /**
   * @param {number} window
   * @param {(receiver: import('./connection.js').Receiver) => {grant: Function, cancel: Function}} start
   */
  constructor (window, start) {
    this.#window = window
    this.#call = start({
      answer: (name, body, payload) => {
        if (name !== 'rows') {
          this.#fail(corrupt(`a query was answered by ${name}`))
          return false
        }
        // What arrives behind a cancel() is for nobody.
        if (!this.#error) this.#frames.push({ body, payload })
        this.#isComplete = body.end !== undefined
        this.#wake()
        return !this.#isComplete
      },
      fail: (error) => this.#fail(error)
    })
  }

  /** Why no more rows will come; null while they may. */
  get error () {
    return this.#error
  }

  /** What the snapshot is of and the columns, as soon as the first rows are there. */
  async head () {
    if (!this.#head) await this.#someFrame()
    if (!this.#head) {
      const { head } = this.#frames[0].body
      if (!head) throw corrupt('the first rows of an answer have no head')
      this.#head = head
    }
    return this.#head
  }

  /** The rows as arrays, one for each block. */
  async * batches () {
    try {
      const { info, columns } = await this.head()
      const toRows = rowMaker(columns, info.now)
      while (!this.end) {
        const { body, payload } = await this.#someFrame()
        for (const block of decodeBlocks(payload)) yield toRows(block)
        this.#frames.shift()
        this.end = body.end ?? null
        this.#grant(payload.length)
      }
    } finally {
      this.cancel()
    }
  }

  async * [Symbol.asyncIterator] () {
    for await (const batch of this.batches()) yield * batch
  }

  /** All rows that are left. */
  async toArray () {
    const rows = []
    for await (const batch of this.batches()) rows.push(...batch)
    return rows
  }

  /** Stops the query, if it has not ended. Its rows are given up. */
  cancel () {
    if (this.end) return
    if (!this.#isComplete) this.#call.cancel()
    this.#frames = []
    this.#error ??= new SlateError('cancelled', 'the rows were given up')
    this.#wake()
  }

  // Not for every block: a grant costs a frame.
  #grant (bytes) {
    this.#toGrant += bytes
    if (this.#isComplete || this.#toGrant < this.#window / 2) return
    this.#call.grant(this.#toGrant)
    this.#toGrant = 0
  }

  // The first frame that has not been read; waits for it.
  async #someFrame () {
    while (this.#frames.length === 0) {
      if (this.#error) throw this.#error
      if (!this.#arrival) {
        this.#arrival = {}
        this.#arrival.promise = new Promise((resolve) => {
          this.#arrival.resolve = resolve
        })
      }
      await this.#arrival.promise
    }
    return this.#frames[0]
  }

  #wake () {
    this.#arrival?.resolve()
    this.#arrival = null
  }

  #fail (error) {
    this.#isComplete = true
    this.#error ??= error
    this.#wake()
  }
}
