import assert from 'node:assert/strict'
import { systemRuntime, WalError } from '@wal/walimpls'
import { deferred, sleep } from '@wal/walimpls/helper'

/** Waits for some milliseconds. Rejects with the signal's reason when the signal aborts. */
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
  /** The beginning of the error's text: "<what>: not done after 500 ms." */
  readonly what: string
  /** Called when the time is up. Returns sentences for the end of the error's text, which say what is known about the cause. */
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
 * For how many milliseconds a call is watched that must not settle. As a rule a call that settles wrongly does so at once. One
 * that settles wrongly after this time goes unnoticed, but no correct backend fails on a slow machine.
 */
const QUIET_MS = 60

/** Fails when the call settles within the next 60 ms. `what` names who calls. */
export async function assertWaits(promise: Promise<unknown>, what: string): Promise<void> {
  const waiting = Symbol('waiting')
  // The test checks the outcome later. Until then a rejection must not count as unhandled.
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

/** Whether `@wal/core` makes a call again after this error: after a retryable `WalError`, and after any error of a driver. */
export function isPassing(error: unknown): boolean {
  if (error instanceof assert.AssertionError) return false
  return !WalError.isInstance(error) || error.retryable
}
