import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { TickHeap } from './tick-heap.js'

test('the lowest comes first, whatever is pushed, popped and removed in between', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ push: fc.bigInt({ min: 0n, max: 50n }) }) },
    { weight: 2, arbitrary: fc.constant('pop' as const) },
    { weight: 1, arbitrary: fc.record({ remove: fc.bigInt({ min: 2n, max: 7n }) }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new TickHeap<{ readonly next: bigint }>()
      let model: bigint[] = []
      for (const each of steps) {
        if (each === 'pop') assert.equal(heap.pop()?.next, model.shift())
        else if ('push' in each) {
          heap.push({ next: each.push })
          model.push(each.push)
          model.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
        } else {
          const leaves = (next: bigint) => next % each.remove === 0n
          const removed = heap.remove(({ next }) => leaves(next)).map(({ next }) => next)
          assert.deepEqual(removed.sort(), model.filter(leaves).sort())
          model = model.filter((next) => !leaves(next))
        }
        assert.equal(heap.size, model.length)
        assert.equal(heap.peek()?.next, model[0])
        assert.deepEqual([...heap].map(({ next }) => next).sort(), [...model].sort())
      }
    }),
  )
})
