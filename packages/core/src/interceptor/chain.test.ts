import assert from 'node:assert/strict'
import { test } from 'vitest'
import type { AppendResult, NewMessage } from '../wal.js'
import { InterceptorChain } from './chain.js'
import type { Interceptor } from './interceptor.js'

const { signal } = new AbortController()
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const message = (n: number, vchannel = 'v') => ({ payload: Uint8Array.of(n), vchannel }) as NewMessage

test('however long each waits, one vchannel enters and settles in call order; another does not wait for it', async () => {
  const waits = [9, 1, 5, 0, 3]
  const waiting: Interceptor = {
    name: 'w',
    async append({ message: given }, next) {
      const n = given.payload[0] as number
      await pause(waits[n] as number)
      if (n === 2) throw new Error('refused')
      return next(given)
    },
  }
  const chain = new InterceptorChain([waiting], 'c')
  const entered: number[] = []
  const settled: number[] = []
  const enter = async (given: NewMessage) => {
    entered.push(given.payload[0] as number)
    return {} as AppendResult
  }
  const runs = waits.map((_, n) =>
    chain.run(message(n), signal, enter).then(
      () => settled.push(n),
      () => settled.push(n),
    ),
  )
  const other = chain.run(message(3, 'other'), signal, async () => ({}) as AppendResult)
  await Promise.race([other, Promise.all(runs)])
  assert.deepEqual(settled, [])
  await Promise.all(runs)
  assert.deepEqual(entered, [0, 1, 3, 4])
  assert.deepEqual(settled, [0, 1, 2, 3, 4])
  await chain.gracefulClose()
})

test('gracefulClose waits for who is inside', async () => {
  let go = (): void => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const chain = new InterceptorChain(
    [{ name: 'g', append: (a, next) => gate.then(() => next(a.message)) }],
    'c',
  )
  const run = chain.run(message(1), signal, async () => ({}) as AppendResult)
  let closed = false
  const closing = chain.gracefulClose().then(() => {
    closed = true
  })
  await pause(5)
  assert.equal(closed, false)
  go()
  await Promise.all([run, closing])
})
