// XXH64 with seed 0, the checksum of blocks as they lie in a store. 64-bit numbers are BigInt here, which is slow; the
// blocks of answers carry no checksum, so it is not on the way of a query.

const PRIME = [
  11400714785074694791n,
  14029467366897019727n,
  1609587929392839161n,
  9650029242287828579n,
  2870177450012600261n
]

const wrap = (value) => BigInt.asUintN(64, value)
const rotate = (value, bits) => wrap(value << bits) | (value >> (64n - bits))
const round = (lane, input) => wrap(rotate(wrap(lane + input * PRIME[1]), 31n) * PRIME[0])
const mergeLane = (hash, lane) => wrap((hash ^ round(0n, lane)) * PRIME[0] + PRIME[3])

/**
 * @param {Buffer} bytes
 * @returns {bigint}
 */
export function xxh64 (bytes) {
  let at = 0
  let hash
  if (bytes.length >= 32) {
    const lanes = [wrap(PRIME[0] + PRIME[1]), PRIME[1], 0n, wrap(-PRIME[0])]
    for (; at + 32 <= bytes.length; at += 32) {
      for (let i = 0; i < 4; i++) lanes[i] = round(lanes[i], bytes.readBigUInt64LE(at + 8 * i))
    }
    hash = wrap(rotate(lanes[0], 1n) + rotate(lanes[1], 7n) + rotate(lanes[2], 12n) + rotate(lanes[3], 18n))
    for (const lane of lanes) hash = mergeLane(hash, lane)
  } else {
    hash = PRIME[4]
  }
  hash = wrap(hash + BigInt(bytes.length))
  for (; at + 8 <= bytes.length; at += 8) {
    hash = wrap(rotate(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * PRIME[0] + PRIME[3])
  }
  if (at + 4 <= bytes.length) {
    hash = wrap(rotate(hash ^ wrap(BigInt(bytes.readUInt32LE(at)) * PRIME[0]), 23n) * PRIME[1] + PRIME[2])
    at += 4
  }
  for (; at < bytes.length; at++) {
    hash = wrap(rotate(hash ^ wrap(BigInt(bytes[at]) * PRIME[4]), 11n) * PRIME[0])
  }
  hash = wrap((hash ^ (hash >> 33n)) * PRIME[1])
  hash = wrap((hash ^ (hash >> 29n)) * PRIME[2])
  return hash ^ (hash >> 32n)
}
