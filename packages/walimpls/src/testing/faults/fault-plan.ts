import type { Batch } from '../../batch.js'
import { invalidArgument } from '../../errors/invalid-argument.js'
import type { Writer } from '../../writer.js'
import { FAULT_KINDS, FAULTS_AT, FAULTY_CALLS, type FaultKind, type FaultyCall } from './fault-kind.js'

/** One fault of a script. An error is thrown as it is before anything is done. `until` delays the call until it settles. */
export type Fault = FaultKind | Error | { readonly until: Promise<unknown> }

/** What a script knows of a call. */
export interface CallDetails {
  /** The number of the call among those of the same name since the plan was set. The first is 1. */
  readonly number: number
  /** The batch of an `append`. */
  readonly batch?: Batch
  /** The writer of an `append` or `open`. */
  readonly writer?: Writer
}

/** Faults by the number of the call (with `{ 3: 'fail' }` the third call fails), or a function that is called for every call. */
export type CallScript = Readonly<Record<number, Fault>> | ((details: CallDetails) => Fault | undefined)

/** Which faults happen. With an empty plan none does. */
export interface FaultPlan {
  /** A fault of the script goes before one by chance. */
  readonly script?: Readonly<Partial<Record<FaultyCall, CallScript>>>
  /** The probability of each kind, from 0 to 1: one number for every call at which it can happen, or a number for each call. */
  readonly probabilities?: Readonly<
    Partial<Record<FaultKind, number | Readonly<Partial<Record<FaultyCall, number>>>>>
  >
  /** The length of a `delay`. Default: 3. */
  readonly delayMs?: number
  /** Called for each scanner. Its answer replaces the `maxBytes` that was asked for. */
  readonly readBytes?: () => number
}

/** The probability of this kind at this call. */
export function probabilityOf(plan: FaultPlan, call: FaultyCall, kind: FaultKind): number {
  const given = plan.probabilities?.[kind]
  if (given === undefined || !canHappen(call, kind)) return 0
  return typeof given === 'number' ? given : (given[call] ?? 0)
}

export function canHappen(call: FaultyCall, kind: FaultKind): boolean {
  return (FAULTS_AT[call] as readonly FaultKind[]).includes(kind)
}

/** Throws when this kind cannot happen at this call: a test with such a plan would test nothing. */
export function checkFault(call: FaultyCall, fault: Fault): void {
  if (typeof fault === 'string' && !canHappen(call, fault))
    throw invalidArgument(
      `"${fault}" is not a fault of the call ${call}, which has ${FAULTS_AT[call].join(', ')}`,
    )
}

export function checkPlan(plan: FaultPlan): void {
  for (const [kind, given] of Object.entries(plan.probabilities ?? {})) {
    if (!FAULT_KINDS.includes(kind as FaultKind))
      throw invalidArgument(`"${kind}" is not a kind of fault. There are ${FAULT_KINDS.join(', ')}`)
    for (const [call, chance] of typeof given === 'number' ? [[undefined, given]] : Object.entries(given)) {
      if (call !== undefined) checkFault(checkCall(call as string), kind as FaultKind)
      if (!((chance as number) >= 0 && (chance as number) <= 1))
        throw invalidArgument(`The probability of the fault "${kind}" must be from 0 to 1`)
    }
  }
  for (const call of FAULTY_CALLS) {
    const sum = FAULTS_AT[call].reduce((total, kind) => total + probabilityOf(plan, call, kind), 0)
    // In floating point, ten times 0.1 is a little more than 1.
    if (sum > 1 + 1e-9)
      throw invalidArgument(
        `The probabilities of all faults of the call ${call} must be at most 1 together, and are ${sum}`,
      )
  }
  for (const [call, script] of Object.entries(plan.script ?? {})) {
    checkCall(call)
    if (typeof script === 'function') continue
    for (const fault of Object.values(script)) checkFault(call as FaultyCall, fault)
  }
}

function checkCall(call: string): FaultyCall {
  if (!(FAULTY_CALLS as string[]).includes(call))
    throw invalidArgument(
      `"${call}" is not a call that faults can be injected into. There are ${FAULTY_CALLS.join(', ')}`,
    )
  return call as FaultyCall
}
