import { expect, test } from 'vitest'
import { ScannerEnd } from './scanner-end.js'

test('a scanner does not keep the batch that it gave out last', async () => {
  const end = new ScannerEnd(undefined, () => {})
  /** A function of its own, since a suspended one would keep the batch. */
  const take = async () =>
    new WeakRef((await end.next(Promise.resolve(), async () => ['a batch'])) as readonly string[])
  const taken = await take()
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    global.gc?.()
  }
  expect(taken.deref()).toBeUndefined()
  await end.close()
})

test('a close waits for the work in progress, also when the work fails', async () => {
  const order: string[] = []
  const end = new ScannerEnd(undefined, () => void order.push('released'))
  let fail = (_error: Error) => {}
  const working = end.next(
    Promise.resolve(),
    () =>
      new Promise<void>((_, reject) => {
        fail = reject
      }),
  )
  await new Promise((resolve) => setImmediate(resolve))
  const closing = end.close()
  expect(await working).toBeUndefined()
  order.push('working')
  fail(new Error('the work failed'))
  await closing
  expect(order).toEqual(['working', 'released'])
})
