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

/** Makes a call that stores no batch and gives no records, with whatever fault is decided for it. */
export async function faultyCall<T>(
  { faults, runtime }: FaultContext,
  call: FaultyCall,
  /** Their abort ends the call: the signal it was given, and the closing of what it was made on. */
  signals: readonly (AbortSignal | undefined)[],
  details: Omit<CallDetails, 'number'>,
  run: () => Promise<T>,
): Promise<T> {
  const decision = faults.decide(call, details)
  if (decision === undefined) return run()
  const given = signals.filter((signal) => signal !== undefined)
  // A call that is refused anyway meets no fault.
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

/** Waits as the decided delay says. Abort ends it with the signal's reason. */
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

/** As a driver says it: not one of ours, so the outcome of an append is unknown. */
export function connectionLost(cause?: unknown): Error {
  return new Error('fault injection: connection lost', cause === undefined ? undefined : { cause })
}
