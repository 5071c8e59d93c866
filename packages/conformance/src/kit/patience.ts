import assert from 'node:assert/strict'
import { systemRuntime, WalError } from '@wal/walimpls'
import { deferred, sleep } from '@wal/walimpls/helper'

/** Abort ends it and rejects with the signal's reason. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> => sleep(systemRuntime, ms, signal)

/** Begun now, awaited when the test comes to it: should the test fail before, it alone is reported. */
export function awaitedLater<T>(work: () => Promise<T>): Promise<T> {
  const promise = work()
  promise.catch(() => {})
  return promise
}

/**
 * Settles as `promise` does, or rejects when that takes longer than a broken backend is given. `what` begins the sentence;
 * `report` is asked then for what is known of why.
 */
export async function within<T>(
  promise: Promise<T>,
  ms: number,
  what: string,
  report: () => string = () => '',
): Promise<T> {
  const { promise: late, reject: giveUp } = deferred<never>()
  const timer = systemRuntime.setTimeout(
    () => giveUp(new Error(`${what}: not done after ${ms} ms. ${report()}`.trim())),
    ms,
  )
  try {
    return await Promise.race([promise, late])
  } finally {
    timer.clear()
  }
}

/** Long enough for what wrongly comes at once to have come. What comes later is missed, never blamed on the innocent. */
const QUIET_MS = 60

export async function assertWaits(promise: Promise<unknown>, what: string): Promise<void> {
  const waiting = Symbol('waiting')
  // Its outcome is the test's business, later.
  promise.catch(() => {})
  const first = await Promise.race([promise, pause(QUIET_MS).then(() => waiting)])
  assert.equal(first, waiting, `${what}: it should have waited`)
}

export async function rejectsWith(promise: Promise<unknown>, ...codes: readonly string[]): Promise<void> {
  await assert.rejects(promise, (error: { code?: unknown }) => {
    assert.ok(codes.includes(String(error?.code)), `${codes.join(' or ')} was due, not: ${String(error)}`)
    return true
  })
}

/** Whether the adaptor would try again: an error of ours that says so, or a driver's. */
export function isPassing(error: unknown): boolean {
  if (error instanceof assert.AssertionError) return false
  return !WalError.isInstance(error) || error.retryable
}
