import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { simulatedRuntime } from '../testing/simulation/simulated-runtime.js'
import { Bell } from './bell.js'

const settled = async (promise: Promise<void>): Promise<boolean> => {
  let done = false
  void promise.then(() => {
    done = true
  })
  for (let i = 0; i < 5; i++) await Promise.resolve()
  return done
}

test('a ring between heard and wait ends the wait at once, for every listener', async () => {
  const bell = new Bell()
  const runtime = simulatedRuntime({ seed: 1 })
  const [one, other] = [bell.listener(runtime), bell.listener(runtime)]
  one.heard()
  other.heard()
  bell.ring()
  other.heard()
  const { signal } = new AbortController()
  expect(await settled(one.wait(signal))).toBe(true)
  // The second listener asked for its page after the ring, so that page holds what was stored.
  const waiting = other.wait(signal)
  expect(await settled(waiting)).toBe(false)
  bell.ring()
  expect(await settled(waiting)).toBe(true)
})

test('a listener that has heard nothing looks first', async () => {
  const listener = new Bell().listener(simulatedRuntime({ seed: 1 }))
  expect(await settled(listener.wait(new AbortController().signal))).toBe(true)
})

test('an abort ends the wait, and neither a listener nor a timer is left', async () => {
  const bell = new Bell()
  const runtime = simulatedRuntime({ seed: 1 })
  let timers = 0
  const listener = bell.listener({
    setTimeout(run, ms) {
      timers++
      const timer = runtime.setTimeout(run, ms)
      return {
        clear() {
          timers--
          timer.clear()
        },
      }
    },
  })
  for (const end of ['abort', 'ring'] as const) {
    const controller = new AbortController()
    listener.heard()
    const waiting = listener.wait(controller.signal, 100)
    expect([timers, bell.waits]).toEqual([1, 1])
    if (end === 'abort') controller.abort()
    else bell.ring()
    await waiting
    expect([timers, bell.waits, getEventListeners(controller.signal, 'abort').length]).toEqual([0, 0, 0])
  }
  const aborted = AbortSignal.abort()
  listener.heard()
  expect(await settled(listener.wait(aborted, 100))).toBe(true)
})

test('with pollMs a wait ends by itself, without it never', async () => {
  const bell = new Bell()
  const runtime = simulatedRuntime({ seed: 1 })
  const listener = bell.listener(runtime)
  listener.heard()
  const { signal } = new AbortController()
  const polling = listener.wait(signal, 100)
  const patient = listener.wait(signal)
  await runtime.advance(99)
  expect(await settled(polling)).toBe(false)
  await runtime.advance(2)
  expect([await settled(polling), await settled(patient)]).toEqual([true, false])
})
