import { WalError } from '../../errors/wal-error.js'
import { abortable } from '../../helper/on-abort.js'
import { sleep } from '../../helper/sleep.js'
import type { Runtime } from '../../runtime/runtime.js'
import type { FaultyCall } from './fault-kind.js'
import type { CallDetails } from './fault-plan.js'
import type { FaultDecision, Faults } from './faults.js'

/** What the wrappers of one opener share. */
export interface FaultContext {
  readonly faults: Faults
  readonly runtime: Runtime
}

export interface CallWithFaults {
  readonly call: FaultyCall
  /** Their abort ends the call: the signal that the caller passed, and one that is aborted when the log or opener is closed. */
  readonly signals: readonly (AbortSignal | undefined)[]
  readonly details?: Omit<CallDetails, 'number'>
}

/** Makes a call other than `append` and `next`, with the fault that is decided for it. */
export async function faultyCall<T>(
  { faults, runtime }: FaultContext,
  { call, signals, details = {} }: CallWithFaults,
  run: () => Promise<T>,
): Promise<T> {
  const decision = faults.decide(call, details)
  if (decision === undefined) return run()
  const given = signals.filter((signal) => signal !== undefined)
  // This call will be refused because its signal is aborted. A fault would only hide that.
  if (given.some((signal) => signal.aborted)) return run()
  faults.happened(decision)
  const signal = AbortSignal.any(given)
  if (decision.kind === 'fail') throw refusal(decision)
  if (decision.kind === 'cut') return silence(signal)
  if (decision.kind === 'delay') await pause(decision, { faults, runtime }, signal)
  const result = await run()
  if (decision.kind === 'write-then-fail') throw connectionLost()
  return result
}

/** Waits as long as the decided delay says. An abort ends the wait, which then rejects with the signal's reason. */
export function pause(
  { fault }: FaultDecision,
  { faults, runtime }: FaultContext,
  signal: AbortSignal,
): Promise<unknown> {
  if (typeof fault === 'object' && 'until' in fault) return abortable(fault.until, signal)
  return sleep(runtime, faults.plan.delayMs ?? 3, signal)
}

/** Settles only when the signal aborts. */
export function silence(signal: AbortSignal): Promise<never> {
  return abortable(new Promise<never>(() => {}), signal)
}

export function refusal({ fault, call, number }: FaultDecision): Error {
  return fault instanceof Error
    ? fault
    : new WalError('WAL_UNAVAILABLE', `fault injection: ${call} ${number} failed`)
}

/** An error as a driver makes it. It is no `WalError`, so the outcome of an append that rejects with it is unknown. */
export function connectionLost(cause?: unknown): Error {
  return new Error('fault injection: connection lost', cause === undefined ? undefined : { cause })
}
