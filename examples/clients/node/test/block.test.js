import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeBlock, decodeBlocks } from '../src/block.js'
import { SlateError } from '../src/errors.js'
import { rowMaker } from '../src/rows.js'
import { dictionary, everyEncoding, integers, lists, makeBlock, plain } from './blocks.js'
import { goldenBytes } from './golden.js'

const [worked] = goldenBytes('block.md')

const cells = (block) => [...block.columns.values()].map(({ field, at }) => [field, block.liveRows.map(at)])

const isCorrupt = (error) => error instanceof SlateError && error.reason === 'corrupt'

// Takes every value out of what may be a block: either that works, or the bytes are corrupt.
function readAll (bytes) {
  try {
    for (const block of decodeBlocks(bytes)) cells(block)
  } catch (error) {
    assert.ok(isCorrupt(error), error)
  }
}

// Without a checksum, as on the wire: every check has to stand by itself.
function withoutChecksum (bytes) {
  const copy = Buffer.from(bytes)
  copy.fill(0, 8, 16)
  return copy
}

test('the worked block of the format page has its rows', () => {
  const block = decodeBlock(worked)
  assert.equal(block.rowCount, 3)
  assert.equal(block.firstDocid, 256n)
  assert.deepEqual(cells(block), [
    [0, ['r1', 'r2', 'r3']],
    [1, [-1, null, 300]]
  ])
})

test('a block that does not match its checksum is corrupt', () => {
  for (let at = 8; at < worked.length; at++) {
    const changed = Buffer.from(worked)
    changed[at] ^= 1
    assert.throws(() => decodeBlock(changed), isCorrupt, `byte ${at}`)
  }
})

test('every encoding is read, and rows that are not live are passed over', () => {
  assert.deepEqual(cells(decodeBlock(everyEncoding())), [
    [0, ['r1', 'r2', 'r4', 'r5']],
    [1, [-1, 0, 2, 3]],
    [2, [-(2n ** 63n), 2n ** 63n - 1n, null, -(2n ** 63n) + 7n]],
    [3, [42, 42, 42, 42]],
    [4, [0, 1.5, 1e300, 5e-324]],
    [5, [true, false, true, false]],
    [6, [0, 65535, 3, 4].map((seconds) => new Date((1_700_000_000 + seconds) * 1000))],
    [7, ['b', '', 'ä', '']],
    [8, ['only', 'only', 'only', 'only']],
    [9, [[], ['a', 'b'], [{ a: 1, b: null }], [true, 1.5, new Date(1000)]]],
    [0x80000001, [1000, 1010, null, null]]
  ])
})

test('integers of four and eight bytes are numbers where they are exact', () => {
  const block = decodeBlock(
    makeBlock(2, {
      1: integers('int', [0, 0xffffffff], { width: 4, minimum: 2n ** 53n - 2n }),
      2: integers('int', [5n, 2n ** 53n], { width: 8, minimum: -5n }),
      3: integers('int', [], { width: 0, minimum: 2n ** 60n }),
      4: integers('date', [], { width: 0, minimum: 2n ** 60n })
    })
  )
  assert.deepEqual(cells(block), [
    [1, [2 ** 53 - 2, 2n ** 53n - 2n + 0xffffffffn]],
    [2, [0, 2 ** 53 - 5]],
    [3, [2n ** 60n, 2n ** 60n]],
    [4, [2n ** 60n, 2n ** 60n]]
  ])
})

test('offsets of four bytes and codes of two are read', () => {
  const names = Array.from({ length: 300 }, (_, n) => `name ${n}`)
  const block = decodeBlock(
    makeBlock(300, {
      1: plain(names, { width: 4 }),
      2: dictionary(
        names.map((_, n) => 299 - n),
        names,
        { width: 2 }
      )
    })
  )
  assert.deepEqual(cells(block), [
    [1, names],
    [2, [...names].reverse()]
  ])
})

test('a cell that has expired reads as null', () => {
  const block = decodeBlock(everyEncoding())
  const readAt = (now) => block.liveRows.map(block.reader(1, 'int', now))
  assert.deepEqual(readAt(999), [-1, 0, 2, 3])
  assert.deepEqual(readAt(1000), [null, 0, 2, 3])
  assert.deepEqual(readAt(1010), [null, null, 2, 3])
})

test('a column that is missing, or of another type than its head says, is null in every row', () => {
  const rows = rowMaker(
    [
      { field: 'n', type: 'string' },
      { field: 'm.a', type: 'int' },
      { field: 'm.b', type: 'int' }
    ],
    0
  )
  const block = decodeBlock(
    makeBlock(1, {
      0: plain(['r']),
      1: integers('int', [], { width: 0 }),
      3: integers('int', [], { width: 0, minimum: 7n })
    })
  )
  assert.deepEqual(rows(block), [{ _id: 'r', n: null, m: { a: null, b: 7 } }])
})

test('columns whose names cannot be members of one object are refused', () => {
  for (const names of [['__proto__'], ['a.__proto__.b'], ['a', 'a.b'], ['a.b', 'a']]) {
    assert.throws(
      () =>
        rowMaker(
          names.map((field) => ({ field, type: 'int' })),
          0
        ),
      isCorrupt,
      names.join()
    )
  }
})

test('a payload is its blocks one behind the other', () => {
  const payload = Buffer.concat([everyEncoding(), worked, everyEncoding()])
  assert.deepEqual(
    [...decodeBlocks(payload)].map(({ rowCount }) => rowCount),
    [5, 3, 5]
  )
  assert.deepEqual([...decodeBlocks(Buffer.alloc(0))], [])
})

test('a block that ends too early is corrupt, at every length', () => {
  for (const whole of [withoutChecksum(worked), everyEncoding()]) {
    for (let length = 1; length < whole.length; length++) {
      const short = Buffer.from(whole.subarray(0, length))
      assert.throws(() => [...decodeBlocks(short)], isCorrupt, `${length} bytes`)
      // And one that says that this is its size. What is cut off may then be padding or a column's last bytes.
      if (length < 8) continue
      short.writeUInt32LE(length, 4)
      readAll(short)
    }
  }
})

test('a block with any bit flipped is read or corrupt, and never anything else', () => {
  for (const whole of [withoutChecksum(worked), everyEncoding()]) {
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = Buffer.from(whole)
      flipped[bit >> 3] ^= 1 << (bit & 7)
      readAll(flipped)
    }
  }
})

test('a block with any byte set to 0 or 255 is read or corrupt', () => {
  const whole = everyEncoding()
  for (let at = 0; at < whole.length; at++) {
    for (const value of [0, 255]) {
      const changed = Buffer.from(whole)
      changed[at] = value
      readAll(changed)
    }
  }
})

test('what the format page calls corrupt is', () => {
  const damage = {
    'another magic': (bytes) => bytes.writeUInt32LE(0x32424c53, 0),
    'no rows': (bytes) => bytes.writeUInt32LE(0, 24),
    'too many rows': (bytes) => bytes.writeUInt32LE(1025, 24),
    'a flag that is neither 0 nor 1': (bytes) => bytes.writeUInt16LE(2, 34),
    'fields that do not ascend': (bytes) => bytes.writeUInt32LE(0, 48 + 40),
    'a column that leaves the block': (bytes) => bytes.writeUInt32LE(0xfffffff8, 48 + 12),
    'a column in the directory': (bytes) => bytes.writeUInt32LE(40, 48 + 8),
    'a column that is not aligned': (bytes) => bytes.writeUInt32LE(bytes.readUInt32LE(48 + 8) + 1, 48 + 8),
    'an unknown encoding': (bytes) => {
      bytes[48 + 5] = 5
    },
    'the encoding that is never in a block': (bytes) => {
      bytes[48 + 5] = 0
    },
    'an unknown type': (bytes) => {
      bytes[48 + 4] = 7
    },
    'a type that does not fit the encoding': (bytes) => {
      bytes[48 + 4] = 2
    },
    'a width that does not fit the encoding': (bytes) => {
      bytes[48 + 6] = 3
    },
    'offsets that fall': (bytes) => bytes.writeUInt16LE(9999, bytes.readUInt32LE(48 + 8) + 2),
    'codes beyond the dictionary': (bytes) => {
      bytes[bytes.readUInt32LE(48 + 7 * 40 + 8)] = 3
    },
    'a dictionary without strings': (bytes) => bytes.writeUInt32LE(0, 48 + 8 * 40 + 16)
  }
  for (const [what, change] of Object.entries(damage)) {
    const bytes = everyEncoding()
    change(bytes)
    assert.throws(() => decodeBlock(bytes), isCorrupt, what)
  }
})

test('a list that claims more elements than there are bytes is corrupt before anything is allocated', () => {
  const block = makeBlock(1, { 1: lists([['a']]) })
  block.writeUInt32LE(0xffffffff, block.readUInt32LE(40 + 8) + 4)
  assert.throws(() => cells(decodeBlock(block)), isCorrupt)
})
