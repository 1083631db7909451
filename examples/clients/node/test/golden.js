// The hex dumps of the format pages, which the tests of Slate itself read, too.
import { readFileSync } from 'node:fs'

/**
 * @param {string} page a name in docs/formats
 * @returns {Buffer[]} the bytes of every dump on it, in order
 */
export function goldenBytes (page) {
  const text = readFileSync(new URL(`../../../../docs/formats/${page}`, import.meta.url), 'utf8')
  const dumps = [...text.matchAll(/```\n((?:[0-9a-f]{4} {2}[0-9a-f ]+\n)+)```/g)]
  return dumps.map(([, dump]) => Buffer.from(dump.replace(/^[0-9a-f]{4}/gm, '').replace(/\s/g, ''), 'hex'))
}
