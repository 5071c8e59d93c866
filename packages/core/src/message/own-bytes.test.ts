import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { copyOf, ownBytes } from './own-bytes.js'

const CHUNK = 1 << 20

test('a view of a large chunk is copied, whatever its size, and keeps at most sixteen times its size', () => {
  const chunk = new Uint8Array(CHUNK)
  for (const length of [1, 10, 64, 65, 128, 129, 1000, 1024, 1025, 5000, 65_536, CHUNK / 2 - 1]) {
    const own = ownBytes(chunk.subarray(7, 7 + length))
    assert.equal(own.length, length)
    assert.ok(
      own.buffer.byteLength <= Math.max(512, 16 * length),
      `${length} bytes keep ${own.buffer.byteLength}`,
    )
  }
  assert.equal(ownBytes(chunk.subarray(7, 7)).buffer.byteLength, 0)
})

test('a view that is most of its memory is handed out as it is; a copy of it is none', () => {
  const chunk = new Uint8Array(CHUNK)
  const large = chunk.subarray(CHUNK / 2)
  assert.equal(ownBytes(large), large)
  assert.equal(ownBytes(chunk), chunk)
  const copy = copyOf(large)
  copy[0] = 1
  assert.equal(large[0], 0)
  assert.equal(copy.buffer.byteLength, large.length)
})

test('copies hold what was copied, and none of them touches another', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 1100 }), { size: 'max', maxLength: 60 }), (given) => {
      const chunk = new Uint8Array(CHUNK)
      const copies = given.map((bytes) => {
        chunk.set(bytes)
        const copy = copyOf(chunk.subarray(0, bytes.length))
        chunk.fill(0)
        return copy
      })
      for (const [i, copy] of copies.entries()) {
        assert.deepEqual(new Uint8Array(copy), given[i])
        copy.fill(255)
      }
    }),
  )
})
