// Rows on their way in: docs/formats/wire.md.
import { ByteWriter, writeValue } from './value.js'

const KIND = { merge: 0, update: 1, replace: 2, delete: 3 }

/**
 * @typedef {{kind: 'merge' | 'update' | 'replace' | 'delete', id: string, record: Object<string, *>}} Write
 */

/** @returns {Write} */
export const merge = (id, record) => ({ kind: 'merge', id, record })
/** @returns {Write} */
export const update = (id, record) => ({ kind: 'update', id, record })
/** @returns {Write} */
export const replace = (id, record) => ({ kind: 'replace', id, record })
/** @returns {Write} */
export const remove = (id) => ({ kind: 'delete', id, record: {} })

/**
 * The payload of a WriteBatch.
 * @param {Write[]} writes
 * @returns {Buffer}
 */
export function encodeWrites (writes) {
  const writer = new ByteWriter()
  for (const { kind, id, record } of writes) {
    const cells = Object.entries(record).filter(([, value]) => value !== undefined)
    writer.u8(KIND[kind])
    writer.text(id)
    writer.u32(cells.length)
    for (const [name, value] of cells) {
      writer.text(name)
      writeValue(writer, value)
    }
  }
  return writer.finish()
}

/**
 * The payload of a LoadRows. A row's values are those of the fields by their position; null and undefined are left out.
 * @param {{id: string, values: *[]}[]} rows
 * @returns {Buffer}
 */
export function encodeRows (rows) {
  const writer = new ByteWriter()
  for (const { id, values } of rows) {
    writer.text(id)
    const countAt = writer.size
    let count = 0
    writer.u32(0)
    values.forEach((value, position) => {
      if (value === null || value === undefined) return
      writer.u32(position)
      writeValue(writer, value)
      count++
    })
    writer.patchU32(countAt, count)
  }
  return writer.finish()
}
