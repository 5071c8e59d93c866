import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { simulatedRuntime } from '../testing/simulation/simulated-runtime.js'
import { deferred } from './deferred.js'
import { Lifetime } from './lifetime.js'

const never = () => new Promise<never>(() => {})

describe('a call', () => {
  test('is refused once the log is closed, and when its signal has aborted, before it begins', async () => {
    const log = new Lifetime({ what: 'The log orders' })
    let begun = 0
    const work = async () => begun++
    await expect(log.during({ signal: AbortSignal.abort('no') }, work)).rejects.toBe('no')
    await log.close()
    await expect(log.during(undefined, work)).rejects.toMatchObject({
      code: 'WAL_CLOSED',
      message: 'The log orders is closed.',
    })
    expect(begun).toBe(0)
  })

  test('whose signal aborts rejects with the reason, its work goes on, and no listener is left', async () => {
    const log = new Lifetime({ what: 'The log orders' })
    const held = deferred()
    const controller = new AbortController()
    const call = log.during({ signal: controller.signal }, () => held.promise)
    controller.abort('enough')
    await expect(call).rejects.toBe('enough')
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    let settled = false
    const settling = log.settled().then(() => {
      settled = true
    })
    await new Promise(setImmediate)
    expect(settled).toBe(false)
    held.resolve()
    await settling
  })

  test('that fails rejects with the error as it is mapped', async () => {
    const mapped = (error: unknown, doing: string) => new Error(`${doing} failed: ${String(error)}`)
    const log = new Lifetime({ what: 'The log orders', mapped })
    const fail = () => Promise.reject('EIO')
    await expect(log.during(undefined, fail, 'reading orders')).rejects.toThrow('reading orders failed: EIO')
    await expect(log.inTurn(undefined, fail, 'truncating orders')).rejects.toThrow(
      'truncating orders failed: EIO',
    )
  })

  test('in turn begins when the one before has settled', async () => {
    const log = new Lifetime({ what: 'The log orders' })
    const held = deferred()
    const begun: number[] = []
    const first = log.inTurn(undefined, () => {
      begun.push(1)
      return held.promise
    })
    const second = log.inTurn(undefined, async () => begun.push(2))
    await new Promise(setImmediate)
    expect(begun).toEqual([1])
    held.reject(new Error('failed'))
    await expect(first).rejects.toThrow('failed')
    await second
    expect(begun).toEqual([1, 2])
  })
})

describe('what a call makes', () => {
  const made = () => {
    const log = {
      closed: false,
      async close() {
        log.closed = true
      },
    }
    return log
  }

  test('is given to its caller, who closes it', async () => {
    const opener = new Lifetime({ what: 'The opener' })
    const log = made()
    expect(await opener.opening({}, async () => log)).toBe(log)
    expect(log.closed).toBe(false)
  })

  test('for a caller who has gone is closed', async () => {
    const opener = new Lifetime({ what: 'The opener' })
    const log = made()
    const held = deferred<typeof log>()
    const controller = new AbortController()
    const opening = opener.opening({ signal: controller.signal }, () => held.promise)
    controller.abort('enough')
    await expect(opening).rejects.toBe('enough')
    held.resolve(log)
    await opener.settled()
    expect(log.closed).toBe(true)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('when the opener has closed meanwhile is closed', async () => {
    const opener = new Lifetime({ what: 'The opener' })
    const log = made()
    const held = deferred<typeof log>()
    const opening = opener.opening({}, () => held.promise)
    await opener.close()
    held.resolve(log)
    await expect(opening).rejects.toMatchObject({ code: 'WAL_CLOSED' })
    expect(log.closed).toBe(true)
  })

  test('fails with its error, mapped, and no listener is left', async () => {
    const opener = new Lifetime({
      what: 'The opener',
      mapped: (error) => new Error(`mapped ${String(error)}`),
    })
    const { signal } = new AbortController()
    await expect(opener.opening({ signal }, () => Promise.reject('ENOENT'))).rejects.toThrow('mapped ENOENT')
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

test('that of a log closes with its opener’s, is named after the channel, and maps errors alike', async () => {
  const opener = new Lifetime({ what: 'The opener', mapped: () => new Error('mapped') })
  let released = 0
  const log = opener.ofLog('orders', () => void released++)
  await expect(log.during(undefined, () => Promise.reject('EIO'))).rejects.toThrow('mapped')
  await opener.close()
  expect(released).toBe(1)
  expect(() => log.assertOpen()).toThrow('The log of channel "orders" is closed.')
})

test('its release runs when all inside is closed; a call in flight does not keep it from closing', async () => {
  const steps: string[] = []
  const opener = new Lifetime({ what: 'The opener', release: () => void steps.push('opener') })
  const log = new Lifetime({ what: 'the log', parent: opener, release: () => void steps.push('log') })
  void log.during(undefined, never)
  await opener.close()
  expect(steps).toEqual(['log', 'opener'])
})

test('a close whose calls wait for a frozen server disconnects from it after three seconds', async () => {
  const runtime = simulatedRuntime({ seed: 1 })
  const answer = deferred<never>()
  let disconnects = 0
  const opener: Lifetime = new Lifetime({ what: 'The opener', release: () => opener.settled() })
  const call = expect(opener.during(undefined, () => answer.promise)).rejects.toThrow('disconnected')
  const disconnect = () => {
    disconnects++
    answer.reject(new Error('disconnected'))
  }
  const closing = opener.closeSoon(runtime, disconnect)
  await runtime.advance(2_999)
  expect(disconnects).toBe(0)
  await runtime.advance(1)
  await call
  await closing
  expect(disconnects).toBe(1)
})

test('a close that takes no time disconnects from nothing, and leaves no timer', async () => {
  const runtime = simulatedRuntime({ seed: 1 })
  let disconnects = 0
  await new Lifetime({ what: 'The opener' }).closeSoon(runtime, () => void disconnects++)
  await runtime.advance(10_000)
  expect(disconnects).toBe(0)
})

test('a close fails with the error of its disconnect', async () => {
  const runtime = simulatedRuntime({ seed: 1 })
  const held = deferred()
  const opener = new Lifetime({ what: 'The opener', release: () => held.promise })
  opener.add(() => held.promise)
  const closing = opener.closeSoon(runtime, () => {
    held.resolve()
    throw new Error('not disconnected')
  })
  const failed = expect(closing).rejects.toThrow('not disconnected')
  await runtime.advance(3_000)
  await failed
})
