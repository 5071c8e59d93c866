import { describe, expect, test } from 'vitest'
import { simulatedRuntime } from '../testing/simulation/simulated-runtime.js'
import { deferred } from './deferred.js'
import { endsWithin } from './ends-within.js'
import { CallFailure, SettlingCalls } from './settling-calls.js'

/** A runtime that counts the timers that are set. */
function counted() {
  const runtime = simulatedRuntime({ seed: 1 })
  const timers = { set: 0 }
  return {
    timers,
    advance: (ms: number) => runtime.advance(ms),
    setTimeout(run: () => void, ms: number) {
      timers.set++
      const timer = runtime.setTimeout(() => {
        timers.set--
        run()
      }, ms)
      return {
        clear() {
          timers.set--
          timer.clear()
        },
      }
    },
  }
}

const asIs = (error: unknown) => error
const unanswered = () => new Promise<never>(() => {})

describe('a call', () => {
  const make = () => {
    const runtime = counted()
    return { runtime, calls: new SettlingCalls({ what: 'The opener', runtime, timeoutMs: 100 }) }
  }

  test('settles by its reply, and by its error as it is mapped; no timer is left', async () => {
    const { runtime, calls } = make()
    expect(await calls.call(async () => 7, asIs)).toBe(7)
    const mapped = (error: unknown) => new Error(`reading failed: ${String(error)}`)
    await expect(calls.call(() => Promise.reject('ERR'), mapped)).rejects.toThrow('reading failed: ERR')
    const thrown = () => {
      throw new Error('not connected')
    }
    await expect(calls.call(thrown, asIs)).rejects.toThrow('not connected')
    expect(runtime.timers.set).toBe(0)
  })

  test('without a reply fails when its time is over', async () => {
    const { runtime, calls } = make()
    const failed = calls.call(unanswered, asIs).catch(asIs)
    await runtime.advance(101)
    expect(await failed).toBeInstanceOf(CallFailure)
    expect(String(await failed)).toContain('no answer within 100 ms')
  })

  test('fails when the connection is lost, and another one may be made', async () => {
    const { runtime, calls } = make()
    const replies = [deferred<number>(), deferred<number>()]
    const failed = replies.map(({ promise }) => calls.call(() => promise, asIs).catch(String))
    calls.lost()
    expect(await Promise.all(failed)).toEqual(
      Array(2).fill('CallFailure: the connection ended under the request'),
    )
    expect(runtime.timers.set).toBe(0)
    // The reply comes after the time-out and is dropped.
    replies[0]?.resolve(1)
    replies[1]?.reject(new Error('late'))
    expect(await calls.call(async () => 8, asIs)).toBe(8)
  })

  test('fails when the client is closed, and later ones send nothing', async () => {
    const { calls } = make()
    const failed = calls.call(unanswered, asIs).catch(asIs)
    calls.close()
    expect(await failed).toBeInstanceOf(CallFailure)
    let sent = 0
    await expect(calls.call(async () => sent++, asIs)).rejects.toMatchObject({ code: 'WAL_CLOSED' })
    expect(sent).toBe(0)
  })
})

describe('work within a time', () => {
  test('ends, fails or is late', async () => {
    const runtime = counted()
    expect(await endsWithin(runtime, 100, Promise.resolve())).toBe(true)
    await expect(endsWithin(runtime, 100, Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(runtime.timers.set).toBe(0)
    const held = deferred()
    const ended = endsWithin(runtime, 100, held.promise)
    await runtime.advance(101)
    expect(await ended).toBe(false)
    // The failure is reported to nobody, and not as an unhandled rejection either.
    held.reject(new Error('late'))
    await new Promise(setImmediate)
  })
})
