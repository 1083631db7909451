// The calls of the protocol. Each is sent when it is made; any number may be under way on the one connection.
import { decodeBlocks } from './block.js'
import { Connection } from './connection.js'
import { toDatasource, toList } from './declarations.js'
import { toFilter, toQuery } from './questions.js'
import { begin } from './refresh.js'
import { rowMaker, Rows } from './rows.js'
import { encodeWrites } from './writes.js'

/**
 * What a question is put to: a datasource (one of its copies by scope), or a snapshot.
 * @typedef {string | {datasource: string, scope?: string} | Snapshot} Source
 * @typedef {import('./connection.js').CallOptions} CallOptions
 * @typedef {import('./questions.js').Query} Query
 */

const toTarget = (source) => {
  if (source instanceof Snapshot) return { snapshot: source.number }
  return typeof source === 'string' ? { datasource: source } : source
}

/** One moment of a datasource, for any number of questions. It belongs to its connection. */
export class Snapshot {
  #close

  constructor ({ snapshot, info, datasource }, list, close) {
    this.number = snapshot
    this.info = info
    this.datasource = datasource
    /** The list that it was opened by, if it was. */
    this.list = list
    this.#close = close
  }

  close () {
    return this.#close()
  }
}

export class Client {
  #connection

  /** @param {Connection} connection */
  constructor (connection) {
    this.#connection = connection
  }

  /** Which store this is, for as long as its data folder lives. What is remembered of another one is worth nothing. */
  get instance () {
    return this.#connection.welcome.instance
  }

  get server () {
    return this.#connection.welcome.server
  }

  get limits () {
    return this.#connection.welcome.limits
  }

  /** Why the connection ended; null while it has not. */
  get error () {
    return this.#connection.error
  }

  /** Resolves when the connection has ended, whoever ended it. */
  get ended () {
    return this.#connection.ended
  }

  /** Ends the connection; what is under way fails. */
  close () {
    return this.#connection.close()
  }

  // ---- Server

  /** @param {CallOptions} [options] */
  ping (options) {
    return this.#ask('ping', {}, 'pong', options)
  }

  /** @param {CallOptions} [options] */
  status (options) {
    return this.#ask('getStatus', {}, 'serverStatus', options)
  }

  // ---- Snapshots

  /**
   * @param {string | {datasource: string, scope?: string}} source
   * @param {CallOptions} [options]
   */
  async openSnapshot (source, options) {
    return this.#snapshot(await this.#ask('openSnapshot', toTarget(source), 'snapshotOpened', options))
  }

  /**
   * A list and a snapshot of its datasource, in one round trip.
   * @param {string} list
   * @param {CallOptions & {scope?: string}} [options]
   */
  async openList (list, { scope, ...options } = {}) {
    const opened = await this.#ask('openList', { list, scope }, 'listOpened', options)
    return this.#snapshot(opened.snapshot, opened.list)
  }

  #snapshot (opened, list) {
    return new Snapshot(opened, list, () => this.#ask('closeSnapshot', { snapshot: opened.snapshot }, 'done'))
  }

  // ---- Questions

  /**
   * The rows of a query, as they arrive.
   * @param {Source} source
   * @param {Query} [query]
   * @param {CallOptions & {window?: number, settings?: Object, page?: boolean}} [options] window: about how many bytes
   *   may wait to be read
   * @returns {Rows}
   */
  query (source, query = {}, { window = Number(this.limits.credit), settings, page, ...options } = {}) {
    const body = { target: toTarget(source), query: toQuery(query), settings, credit: window, page }
    return new Rows(window, (receiver) => this.#connection.start('runQuery', body, options, receiver))
  }

  /**
   * The rows of a query at once, with whether more remain, and the cursors of the pages around it.
   * @param {Source} source
   * @param {Query} query
   * @param {CallOptions & {settings?: Object}} [options]
   */
  async page (source, query, options) {
    const answer = this.query(source, query, { ...options, page: true })
    const rows = await answer.toArray()
    return { rows, ...(await answer.head()), ...answer.end }
  }

  /**
   * @param {Source} source
   * @param {CallOptions & {filter?: Object, limit?: number, settings?: Object}} [options]
   */
  async count (source, { filter, limit, settings, ...options } = {}) {
    return this.#ask(
      'countRows',
      { target: toTarget(source), filter: toFilter(filter), limit, settings },
      'count',
      options
    )
  }

  /**
   * The distinct values of a field and how many rows have each.
   * @param {Source} source
   * @param {string} field
   * @param {CallOptions & {filter?: Object, order?: 'value' | 'count', take: number, settings?: Object}} options
   */
  async distinct (source, field, { filter, order, take, settings, ...options }) {
    const body = { target: toTarget(source), field, filter: toFilter(filter), order, take, settings }
    return this.#ask('getDistinct', body, 'distinctValues', options)
  }

  /**
   * How a query would be answered, or (analyze) was.
   * @param {Source} source
   * @param {Query} query
   * @param {CallOptions & {analyze?: boolean, settings?: Object}} [options]
   */
  async explain (source, query, { analyze, settings, ...options } = {}) {
    const body = { target: toTarget(source), query: toQuery(query), analyze, settings }
    return this.#ask('explainQuery', body, 'explanation', options)
  }

  /**
   * @param {Source} source
   * @param {string} id
   * @param {CallOptions} [options]
   * @returns {Promise<Object | null>} the record; null when there is none of that id
   */
  async get (source, id, options) {
    const { info, columns, payload } = await this.#ask(
      'getRecord',
      { target: toTarget(source), id },
      'recordFound',
      options
    )
    if (!payload) return null
    const [block] = decodeBlocks(payload)
    return rowMaker(columns, info.now)(block)[0]
  }

  // ---- Records

  /**
   * All of the writes or none.
   * @param {string} datasource
   * @param {import('./writes.js').Write[]} writes
   * @param {CallOptions} [options]
   * @returns {Promise<{inserted: number, updated: number, deleted: number}>}
   */
  async write (datasource, writes, options) {
    const payload = encodeWrites(writes)
    return this.#ask('writeBatch', { datasource, count: writes.length }, 'writeCounts', { ...options, payload })
  }

  deleteAll (datasource, options) {
    return this.#ask('deleteAll', { datasource }, 'done', options)
  }

  // ---- Declarations

  /** @param {CallOptions & {refuseExisting?: boolean}} [options] */
  async saveDatasource (datasource, { refuseExisting, ...options } = {}) {
    return this.#ask(
      'saveDatasource',
      { datasource: toDatasource(datasource), refuseExisting },
      'datasourceSaved',
      options
    )
  }

  getDatasource (id, options) {
    return this.#ask('getDatasource', { id }, 'datasourceStatus', options)
  }

  async listDatasources (options) {
    return (await this.#ask('listDatasources', {}, 'datasourceStatuses', options)).datasources
  }

  /** @param {CallOptions & {cascade?: boolean}} [options] cascade: with the lists that use it */
  deleteDatasource (id, { cascade, ...options } = {}) {
    return this.#ask('deleteDatasource', { id, cascade }, 'done', options)
  }

  async saveList (list, options) {
    return this.#ask('saveList', { list: toList(list) }, 'listSaved', options)
  }

  getList (id, options) {
    return this.#ask('getList', { id }, 'list', options)
  }

  async listLists (options) {
    return (await this.#ask('listLists', {}, 'lists', options)).lists
  }

  deleteList (id, options) {
    return this.#ask('deleteList', { id }, 'done', options)
  }

  /**
   * Makes the declarations these and no others, as far as it can, and says of each what came of it.
   * @param {{datasources: Object[], lists: Object[]}} declarations
   * @param {CallOptions} [options]
   */
  async reconcile ({ datasources, lists }, options) {
    const body = { datasources: datasources.map(toDatasource), lists: lists.map(toList) }
    return (await this.#ask('reconcile', body, 'reconciled', options)).resources
  }

  // ---- Refreshes

  /**
   * Asks for the right to refresh a copy of a datasource.
   * @param {string | {datasource: string, scope?: string}} source
   * @param {{loadId: string, mode?: 'replace' | 'merge', trigger?: 'on_demand' | 'forced', seenGeneration?: number,
   *   waitMs?: number, leaseMs?: number}} options
   */
  beginRefresh (source, options) {
    return begin({ ...toTarget(source), ...options }, (...request) => this.#ask(...request))
  }

  getLoad (loadId, options) {
    return this.#ask('getLoad', { loadId }, 'loadReport', options)
  }

  // async, so that what is wrong with the arguments of a call fails its promise, too.
  async #ask (name, body, answer, options) {
    return this.#connection.request(name, body, answer, options)
  }
}

/**
 * Connects to a server.
 * @param {object} [options]
 * @param {string} [options.host]
 * @param {number} [options.port]
 * @param {string} [options.token]
 * @param {string} [options.name] for the server's log and metrics
 * @param {import('node:tls').ConnectionOptions} [options.tls] ca, cert and key for TLS; without it there is none
 * @param {number} [options.timeout] milliseconds for the handshake
 * @returns {Promise<Client>}
 */
export async function connect ({
  host = '127.0.0.1',
  port = 9600,
  token = '',
  name = 'node',
  tls,
  timeout = 10_000
} = {}) {
  return new Client(await Connection.open({ host, port, token, name, tls, timeout }))
}
