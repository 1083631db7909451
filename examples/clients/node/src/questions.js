// How questions are written down, and the messages that they become.
import { SlateError } from './errors.js'

/**
 * @typedef {{and: Filter[]} | {or: Filter[]} | {not: Filter} | Condition} Filter
 * @typedef {object} Condition
 * @property {string} field
 * @property {string} [op] "eq" unless told; a word of the enum Op of wire.proto
 * @property {*} [value] the constant; an array for "in", "nin" and "between"
 * @property {string | string[]} [text] instead of value: texts whose type the field decides
 *
 * @typedef {object} Query
 * @property {Filter} [filter]
 * @property {(string | {field: string, descending?: boolean, nullsFirst?: boolean})[]} [sort] "-name" is descending
 * @property {number} [skip]
 * @property {number} [take]
 * @property {string[]} [columns] all unless told
 * @property {string} [cursor] of a page before
 */

/** @param {Filter} [filter] */
export function toFilter (filter) {
  // One that came from a server, in a list, is a message already.
  if (filter === undefined || filter.kind !== undefined) return filter
  if (filter.and) return { kind: 'and', children: filter.and.map(toFilter) }
  if (filter.or) return { kind: 'or', children: filter.or.map(toFilter) }
  if (filter.not) return { kind: 'not', children: [toFilter(filter.not)] }
  const { field, op = 'eq', value, text } = filter
  if (typeof field !== 'string') throw new SlateError('invalid_argument', 'a condition has a field')
  const values =
    text !== undefined
      ? [text].flat().map((one) => ({ value: one, isText: true }))
      : [value]
          .flat()
          .filter((one) => one !== undefined)
          .map((one) => ({ value: one }))
  return { kind: 'condition', field, op, values }
}

/** @param {string | {field: string}} key */
export const toSortKey = (key) => {
  if (typeof key !== 'string') return key
  return key.startsWith('-') ? { field: key.slice(1), descending: true } : { field: key }
}

/** @param {Query} query */
export function toQuery ({ filter, sort = [], skip, take, columns, cursor }) {
  return {
    filter: toFilter(filter),
    sort: sort.map(toSortKey),
    skip,
    take,
    columns: columns && { names: columns },
    cursor
  }
}
