import assert from 'node:assert/strict'
import { systemRuntime, WalError } from '@wal/walimpls'
import { deferred, sleep } from '@wal/walimpls/helper'

/** Waits. An abort of the signal ends the wait, which then rejects with the signal's reason. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> => sleep(systemRuntime, ms, signal)

/**
 * Starts work that the test awaits later. If the test fails before it gets there, a rejection of this work is not reported
 * as unhandled: only the test's own failure is.
 */
export function awaitedLater<T>(work: () => Promise<T>): Promise<T> {
  const promise = work()
  promise.catch(() => {})
  return promise
}

export interface TimeLimit {
  readonly ms: number
  /** Begins the error's text: "<what>: not done after 500 ms." */
  readonly what: string
  /** Called when the time is up. Its sentences end the error's text and say what is known of the reason. */
  readonly report?: () => string
}

/** Settles as `promise` does, or rejects when the time limit has passed before. */
export async function within<T>(promise: Promise<T>, { ms, what, report = () => '' }: TimeLimit): Promise<T> {
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

/**
 * How long a call is watched that must not settle. A call that settles wrongly does so at once, as a rule. One that settles
 * wrongly but later than this goes unnoticed; a correct backend is never failed by a slow machine.
 */
const QUIET_MS = 60

/** Fails when the call settles within the next 60 ms. `what` names who calls. */
export async function assertWaits(promise: Promise<unknown>, what: string): Promise<void> {
  const waiting = Symbol('waiting')
  // The test looks at the outcome later. Until then a rejection must not count as unhandled.
  promise.catch(() => {})
  const first = await Promise.race([promise, pause(QUIET_MS).then(() => waiting)])
  assert.equal(first, waiting, `${what} had to wait, but the call settled within ${QUIET_MS} ms.`)
}

/** Fails unless the promise rejects with one of these codes. */
export async function rejectsWith(promise: Promise<unknown>, ...codes: readonly string[]): Promise<void> {
  const expected = codes.join(' or ')
  const check = (error: { code?: unknown }) => {
    assert.ok(
      codes.includes(String(error?.code)),
      `The call had to reject with ${expected}. It rejected with: ${String(error)}`,
    )
    return true
  }
  await assert.rejects(promise, check, `The call had to reject with ${expected}, but it succeeded.`)
}

/** Whether the adaptor would make the call again after this error: a retryable one of ours, or any error of a driver. */
export function isPassing(error: unknown): boolean {
  if (error instanceof assert.AssertionError) return false
  return !WalError.isInstance(error) || error.retryable
}
