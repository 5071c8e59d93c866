import { expect, test } from 'vitest'
import { batchOf } from '../batch.js'
import { tooLargeIn } from './too-large.js'

const record = (bytes: number) => ({ payload: Buffer.alloc(bytes - 2), properties: ['k', 'v'] })

test('a batch is refused for a record over the limit, with its size, and not for the sum of its records', () => {
  expect(tooLargeIn(batchOf(0, [record(10), record(10), record(10)]), 10)).toBeUndefined()
  expect(tooLargeIn(batchOf(0, [record(10), record(11), record(12)]), 10)).toMatchObject({
    code: 'WAL_MESSAGE_TOO_LARGE',
    outcome: 'not-written',
    message: "A record of 11 bytes can't be stored; the largest has 10 bytes.",
  })
})

test('no list is made of a batch that is not larger than one record may be', () => {
  const batch = batchOf(0, [record(5), record(5)])
  Object.defineProperty(batch, 'messages', { get: () => expect.unreachable('the lists were made') })
  expect(tooLargeIn(batch, 10)).toBeUndefined()
})
