import { expect, test } from 'vitest'
import { messageIds } from './message-id.js'

test.each([
  [
    [1000, 4],
    [1000, 5],
    [1000, 6],
  ],
  [[1000, 4]],
  [
    [1000, 4],
    [1000, 6],
    [1000, 7],
  ],
  [
    [1000, 4],
    [1001, 5],
  ],
])('%j and so on, packed, are the same ids', (...pairs) => {
  const ids = pairs.map(([milliseconds, ordinal]) => messageIds.of(milliseconds as number, ordinal as number))
  const packed = messageIds.pack?.(ids)
  expect(ids.map((_, i) => packed?.at(i))).toEqual(ids)
})
