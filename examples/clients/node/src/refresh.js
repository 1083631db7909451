// Filling the next generation of a datasource beside the live one: docs/formats/wire.md, "Refreshes".
import { encodeRows } from './writes.js'

/** The right to refresh a copy of a datasource. It ends with the connection, and when nothing is sent for `leaseMs`. */
export class Refresh {
  #ask

  constructor ({ refresh, datasource, leaseMs, live }, ask) {
    this.number = refresh
    /** As it is declared now: a row has its values in the order of these fields. */
    this.datasource = datasource
    this.leaseMs = leaseMs
    /** What would be replaced. */
    this.live = live
    this.#ask = ask
  }

  /**
   * @param {{id: string, values: *[]}[]} rows
   * @param {{rows: number, bytes: number, calls: number}} [progress] so far, these rows included
   */
  async load (rows, progress) {
    return this.#ask('loadRows', { refresh: this.number, count: rows.length, progress }, 'done', {
      payload: encodeRows(rows)
    })
  }

  /** A sign of life while no rows come. */
  renew (progress) {
    return this.#ask('renewRefresh', { refresh: this.number, progress }, 'done')
  }

  /** No more rows. The counts are for whoever judges whether this may go live. */
  finish () {
    return this.#ask('finishRefresh', { refresh: this.number }, 'buildCounts')
  }

  /** @param {Date} loadedAt when the load began */
  commit (loadedAt) {
    return this.#ask('commitRefresh', { refresh: this.number, loadedAt: loadedAt.getTime() }, 'refreshPublished')
  }

  /** @param {{kind: string, error: {reason: string, message: string}}} [failure] what those who wait are told */
  abort (failure) {
    return this.#ask('abortRefresh', { refresh: this.number, failure }, 'done')
  }
}

const OUTCOMES = { refreshGranted: 'granted', refreshBusy: 'busy', refreshEnded: 'ended', refreshFailed: 'failed' }

/**
 * Asks for the right to refresh.
 * @param {Object} body a BeginRefresh
 * @param {Function} ask
 * @returns {Promise<{outcome: 'granted' | 'busy' | 'ended' | 'failed', refresh?: Refresh}>} granted: with the refresh;
 *   else with the members of RefreshBusy, RefreshEnded or RefreshFailed
 */
export async function begin (body, ask) {
  const { name, answer } = await ask('beginRefresh', body, Object.keys(OUTCOMES))
  const outcome = OUTCOMES[name]
  return outcome === 'granted' ? { outcome, refresh: new Refresh(answer, ask) } : { outcome, ...answer }
}
