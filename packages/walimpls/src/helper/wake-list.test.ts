import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { WakeList } from './wake-list.js'

test('each is called once, at the next wake, unless it was taken out before', () => {
  const list = new WakeList()
  const called: string[] = []
  list.add(() => called.push('one'))
  const forget = list.add(() => called.push('two'))
  forget()
  list.wake()
  list.wake()
  expect(called).toEqual(['one'])
  expect(list.size).toBe(0)
})

test('what is added from within a call waits for the wake after that', () => {
  const list = new WakeList()
  const called: string[] = []
  list.add(() => {
    called.push('first')
    list.add(() => called.push('second'))
  })
  list.wake()
  expect([called.length, list.size]).toEqual([1, 1])
  list.wake()
  expect(called).toEqual(['first', 'second'])
})

test('next resolves at the wake; an abort rejects with its reason and leaves nothing behind', async () => {
  const list = new WakeList()
  const controller = new AbortController()
  const woken = list.next(controller.signal)
  list.wake()
  await woken
  const given = list.next(controller.signal)
  controller.abort(new Error('enough'))
  await expect(given).rejects.toThrow('enough')
  expect([list.size, getEventListeners(controller.signal, 'abort').length]).toEqual([0, 0])
})
