import assert from 'node:assert/strict'
import { test } from 'vitest'
import type { FrameHeader } from './frame.js'
import { segmentName } from './layout.js'
import { SegmentIndex } from './segment-index.js'

const MIB = 1024 * 1024
const segment = segmentName(1, 1, 1)
const frame = (firstId: number, count: number, start: number): FrameHeader => ({
  firstId,
  count,
  sequence: 0,
  start,
  end: start + 100,
  bodyBytes: 60,
  bodyCrc: 0,
})

test('frames are remembered a mebibyte apart and found by record', () => {
  const index = new SegmentIndex()
  for (let i = 0; i < 40; i++) index.note(segment, frame(1 + i * 10, 10, i * (MIB / 4)))
  assert.equal(index.nearest(segment, 5), undefined)
  assert.equal(index.nearest(segment, 41), MIB)
  assert.equal(index.nearest(segment, 80), MIB)
  assert.equal(index.nearest(segment, 10_000), 9 * MIB)
})

test('the mark of a clean close is never taken for the last frame with records', () => {
  const index = new SegmentIndex()
  index.note(segment, frame(1, 10, MIB))
  index.note(segment, frame(11, 0, 3 * MIB))
  assert.deepEqual(index.latest(segment), { firstId: 1, offset: MIB })
})
