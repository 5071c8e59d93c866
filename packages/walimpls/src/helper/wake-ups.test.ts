import { expect, test } from 'vitest'
import { simulatedRuntime } from '../testing/simulation/simulated-runtime.js'
import { deferred } from './deferred.js'
import { WakeUps } from './wake-ups.js'

/** A message server that records subscriptions. The test decides whether it accepts them. */
function published({ subscribes = async () => {} }: { subscribes?: () => Promise<void> } = {}) {
  const runtime = simulatedRuntime({ seed: 1 })
  const said: string[] = []
  const wakeUps = new WakeUps({
    runtime,
    pollMs: 1000,
    subscribe(topic) {
      said.push(`subscribe ${topic}`)
      return subscribes()
    },
    unsubscribe: (topic) => void said.push(`unsubscribe ${topic}`),
  })
  return { runtime, wakeUps, said }
}
const { signal } = new AbortController()
const unchanged = async () => ''
const turn = () => new Promise(setImmediate)

function follow(waiting: Promise<void>): { woken: boolean } {
  const followed = { woken: false }
  void waiting.then(() => {
    followed.woken = true
  })
  return followed
}

test('a log is subscribed to when a scanner waits for the first time, once, and until the last has ended', async () => {
  const { wakeUps, said } = published()
  const [one, other, silent] = [1, 2, 3].map(() => wakeUps.listener('orders', unchanged))
  for (const listener of [one, other, silent]) listener?.heard()
  expect(said).toEqual([])
  void one?.wait(signal)
  void other?.wait(signal)
  expect(said).toEqual(['subscribe orders'])
  one?.leave()
  one?.leave()
  silent?.leave()
  expect(said).toHaveLength(1)
  other?.leave()
  expect(said).toEqual(['subscribe orders', 'unsubscribe orders'])
  wakeUps.close()
})

test('what was stored before the subscription held is looked for', async () => {
  const subscribed = deferred()
  const { wakeUps } = published({ subscribes: () => subscribed.promise })
  const listener = wakeUps.listener('orders', unchanged)
  listener.heard()
  const waiting = follow(listener.wait(signal))
  await turn()
  expect(waiting.woken).toBe(false)
  subscribed.resolve()
  await turn()
  expect(waiting.woken).toBe(true)
  wakeUps.close()
})

test('a message wakes the scanners of its log, a new connection those of all', async () => {
  const { wakeUps } = published()
  const listeners = ['orders', 'bills'].map((topic) => wakeUps.listener(topic, unchanged))
  const wait = () =>
    listeners.map((listener) => {
      listener.heard()
      return follow(listener.wait(signal))
    })
  wait()
  await turn()
  const first = wait()
  wakeUps.wake('orders')
  wakeUps.wake('nobody waits for this one')
  await turn()
  expect(first.map(({ woken }) => woken)).toEqual([true, false])
  const second = wait()
  wakeUps.wakeAll()
  await turn()
  expect(second.map(({ woken }) => woken)).toEqual([true, true])
  wakeUps.close()
})

test('a poll wakes when a look says something new or fails, and subscribes again where that was refused', async () => {
  let looked: () => Promise<string> = unchanged
  let refuses = true
  const { runtime, wakeUps, said } = published({
    subscribes: () => (refuses ? Promise.reject(new Error('NOPERM')) : Promise.resolve()),
  })
  const listener = wakeUps.listener('orders', () => looked())
  const afterPoll = async () => {
    listener.heard()
    const waiting = follow(listener.wait(signal))
    await runtime.advance(1300)
    await turn()
    return waiting.woken
  }
  expect(await afterPoll()).toBe(false)
  expect(said).toEqual(['subscribe orders', 'subscribe orders'])
  looked = async () => '7'
  expect(await afterPoll()).toBe(true)
  expect(await afterPoll()).toBe(false)
  looked = () => Promise.reject(new Error('away'))
  expect(await afterPoll()).toBe(true)
  refuses = false
  // The subscription, once accepted, wakes the scanner.
  expect(await afterPoll()).toBe(true)
  wakeUps.close()
})

test('nobody who waits: no poll; closed: none either', async () => {
  const { runtime, wakeUps } = published()
  let looks = 0
  const listener = wakeUps.listener('orders', async () => String(looks++))
  listener.heard()
  const controller = new AbortController()
  const waiting = listener.wait(controller.signal)
  await turn()
  await waiting
  listener.heard()
  const second = listener.wait(controller.signal)
  controller.abort()
  await second
  await runtime.advance(5000)
  expect(looks).toBe(0)
  void listener.wait(signal)
  wakeUps.close()
  await runtime.advance(5000)
  expect(looks).toBe(0)
})
