import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { WalError } from '../errors/wal-error.js'
import { retry } from './retry.js'
import { sleep } from './sleep.js'

/** Timers that fire when the test says so, the shortest first. */
function manualRuntime(random = () => 0.5) {
  const timers = new Set<{ run: () => void; ms: number }>()
  const slept: number[] = []
  return {
    timers,
    slept,
    random,
    setTimeout(run: () => void, ms: number) {
      const timer = { run, ms }
      timers.add(timer)
      slept.push(ms)
      return { clear: () => void timers.delete(timer) }
    },
    fire() {
      for (const timer of [...timers]) {
        timers.delete(timer)
        timer.run()
      }
    },
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('sleep', () => {
  test('resolves when its timer fires and leaves no listener', async () => {
    const runtime = manualRuntime()
    const { signal } = new AbortController()
    const sleeping = sleep(runtime, 50, signal)
    expect(runtime.slept).toEqual([50])
    runtime.fire()
    await sleeping
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('abort clears the timer and rejects with the reason', async () => {
    const runtime = manualRuntime()
    const controller = new AbortController()
    const sleeping = sleep(runtime, 50, controller.signal)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(sleeping).rejects.toBe(reason)
    expect(runtime.timers.size).toBe(0)
    await expect(sleep(runtime, 50, controller.signal)).rejects.toBe(reason)
    expect(runtime.slept).toEqual([50])
  })
})

describe('retry', () => {
  const unavailable = () => new WalError('WAL_UNAVAILABLE', 'not now')

  async function drive<T>(runtime: ReturnType<typeof manualRuntime>, work: Promise<T>): Promise<T> {
    let settled = false
    work.then(
      () => (settled = true),
      () => (settled = true),
    )
    while (!settled) {
      await turn()
      runtime.fire()
    }
    return work
  }

  test('pauses grow by the factor up to the longest, less the jitter', async () => {
    const runtime = manualRuntime(() => 0.5)
    let calls = 0
    const work = retry(runtime, { firstMs: 10, factor: 2, maxMs: 40, jitter: 0.2 }, async (failures) => {
      expect(failures).toBe(calls++)
      if (calls < 6) throw unavailable()
      return 'done'
    })
    expect(await drive(runtime, work)).toBe('done')
    expect(runtime.slept).toEqual([9, 18, 36, 36, 36])
  })

  test('by default gives up at once on what is not retryable', async () => {
    for (const error of [new WalError('WAL_CORRUPT', 'broken'), new TypeError('a mistake')]) {
      await expect(retry(manualRuntime(), {}, () => Promise.reject(error))).rejects.toBe(error)
    }
  })

  test('asks shouldRetry with the number of failures', async () => {
    const runtime = manualRuntime()
    const asked: number[] = []
    const options = { shouldRetry: (_: unknown, failures: number) => asked.push(failures) < 3 }
    const error = new Error('driver')
    await expect(
      drive(
        runtime,
        retry(runtime, options, () => Promise.reject(error)),
      ),
    ).rejects.toBe(error)
    expect(asked).toEqual([1, 2, 3])
  })

  test('abort ends the pause, and an attempt’s own error gives way to it', async () => {
    const runtime = manualRuntime()
    const controller = new AbortController()
    const work = retry(runtime, { signal: controller.signal }, () => Promise.reject(unavailable()))
    await turn()
    controller.abort('stop')
    await expect(work).rejects.toBe('stop')
    expect(runtime.timers.size).toBe(0)
    await expect(retry(runtime, { signal: controller.signal }, async () => 1)).rejects.toBe('stop')
  })
})
