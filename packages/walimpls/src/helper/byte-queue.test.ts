import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteQueue } from './byte-queue.js'

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  await new Promise((resolve) => setImmediate(resolve))
  return (await Promise.race([promise, Promise.resolve(pending)])) === pending
}

describe('ByteQueue', () => {
  test('a push waits for room and a later small one does not overtake it', async () => {
    const queue = new ByteQueue<string>(10)
    expect(await queue.push('a', 8)).toBe(true)
    const b = queue.push('b', 5)
    const c = queue.push('c', 1)
    expect(await isPending(b)).toBe(true)
    expect(await isPending(c)).toBe(true)
    expect(await queue.pop()).toBe('a')
    expect(await b).toBe(true)
    expect(await c).toBe(true)
    expect(queue.bytes).toBe(6)
    expect([await queue.pop(), await queue.pop()]).toEqual(['b', 'c'])
    expect(queue.bytes).toBe(0)
  })

  test('an item larger than the bound is taken alone', async () => {
    const queue = new ByteQueue<string>(10)
    await queue.push('small', 1)
    const large = queue.push('large', 100)
    expect(await isPending(large)).toBe(true)
    await queue.pop()
    expect(await large).toBe(true)
    const next = queue.push('next', 1)
    expect(await isPending(next)).toBe(true)
    expect(await queue.pop()).toBe('large')
    expect(await next).toBe(true)
  })

  test('pops are served in call order', async () => {
    const queue = new ByteQueue<number>(10)
    const pops = [queue.pop(), queue.pop()]
    await queue.push(1, 100)
    await queue.push(2, 100)
    expect(await Promise.all(pops)).toEqual([1, 2])
    expect(queue.bytes).toBe(0)
  })

  test('close drops what is held and wakes everyone', async () => {
    const queue = new ByteQueue<number>(1)
    await queue.push(1, 1)
    const push = queue.push(2, 1)
    queue.close()
    expect(await push).toBe(false)
    expect(await queue.pop()).toBe(undefined)
    expect(await queue.push(3, 1)).toBe(false)
    const empty = new ByteQueue<number>(1)
    const pop = empty.pop()
    empty.close()
    expect(await pop).toBe(undefined)
  })

  test('fail and end give out what is held first; the first of them decides', async () => {
    const queue = new ByteQueue<number>(10)
    await queue.push(1, 1)
    const error = new Error('broken')
    queue.fail(error)
    queue.end()
    queue.fail(new Error('later'))
    expect(await queue.pop()).toBe(1)
    await expect(queue.pop()).rejects.toBe(error)
    await expect(queue.pop()).rejects.toBe(error)
    expect(await queue.push(2, 1)).toBe(false)
    const waiting = new ByteQueue<number>(10)
    const pop = waiting.pop()
    waiting.fail(error)
    await expect(pop).rejects.toBe(error)
  })

  test('abort takes one waiting call out, lets those behind it in and leaves no listener', async () => {
    const queue = new ByteQueue<string>(10)
    const controller = new AbortController()
    await queue.push('a', 5)
    const large = queue.push('large', 9, controller.signal)
    const small = queue.push('small', 1, controller.signal)
    const other = queue.push('other', 1)
    controller.abort('enough')
    await expect(large).rejects.toBe('enough')
    await expect(small).rejects.toBe('enough')
    expect(await other).toBe(true)
    await expect(queue.pop(controller.signal)).rejects.toBe('enough')
    expect([await queue.pop(), await queue.pop()]).toEqual(['a', 'other'])

    const second = new AbortController()
    const pop = queue.pop(second.signal)
    expect(getEventListeners(second.signal, 'abort')).toHaveLength(1)
    await queue.push('x', 1)
    expect(await pop).toBe('x')
    expect(getEventListeners(second.signal, 'abort')).toHaveLength(0)
  })

  test('shiftIf takes the head only when asked to', async () => {
    const queue = new ByteQueue<string>(10)
    expect(queue.shiftIf(() => true)).toBe(undefined)
    await queue.push('a', 3)
    expect(queue.shiftIf((_, bytes) => bytes < 3)).toBe(undefined)
    expect(queue.shiftIf((value, bytes) => value === 'a' && bytes === 3)).toBe('a')
    expect(queue.length).toBe(0)
  })

  test('whatever the sizes and the order of calls: everything once, in order, within the bound', async () => {
    const step = fc.oneof(fc.record({ push: fc.integer({ min: 0, max: 15 }) }), fc.constant('pop' as const))
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 700 }), async (steps) => {
        const queue = new ByteQueue<number>(10)
        const pops: Promise<number | undefined>[] = []
        let pushed = 0
        for (const each of steps) {
          if (each === 'pop') pops.push(queue.pop())
          else void queue.push(pushed++, each.push)
          expect(queue.bytes <= 10 || queue.length === 1).toBe(true)
        }
        while (pops.length < pushed) pops.push(queue.pop())
        queue.end()
        const got = (await Promise.all(pops)).filter((value) => value !== undefined)
        expect(got).toEqual(Array.from({ length: pushed }, (_, i) => i))
        expect(queue.bytes).toBe(0)
      }),
      { numRuns: 60 },
    )
  })
})
