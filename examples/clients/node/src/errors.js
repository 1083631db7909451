/**
 * What a server answers instead of what was asked for, and what happens to a connection. `reason` is a name of
 * docs/errors.md; programs look at it, people read `message`.
 */
export class SlateError extends Error {
  /**
   * @param {string} reason
   * @param {string} message
   * @param {{field?: string, hint?: string, retryAfterSeconds?: number, position?: number}} [more]
   */
  constructor (reason, message, { field, hint, retryAfterSeconds, position } = {}) {
    super(message)
    this.name = 'SlateError'
    this.reason = reason
    /** The parameter or member at fault. */
    this.field = field
    /** What would work. */
    this.hint = hint
    /** After how many seconds a later try makes sense. */
    this.retryAfter = retryAfterSeconds
    /** Which write or row of a batch is at fault, from 0. */
    this.position = position
  }
}

/** Bytes that are not what the format says. */
export const corrupt = (message) => new SlateError('corrupt', message)

/** There is no connection, or none any more. */
export const unavailable = (message) => new SlateError('unavailable', message)
