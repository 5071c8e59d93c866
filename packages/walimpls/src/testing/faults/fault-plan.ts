import { invalidArgument } from '../../errors/invalid-argument.js'
import type { Batch } from '../../wal.js'
import type { Writer } from '../../writer.js'
import { FAULT_KINDS, FAULTS_AT, FAULTY_CALLS, type FaultKind, type FaultyCall } from './fault-kind.js'

/** One fault of a script. An error is thrown as it is, before anything is done; `until` is a delay that the test ends. */
export type Fault = FaultKind | Error | { readonly until: Promise<unknown> }

/** What a script may decide by. */
export interface CallDetails {
  /** Of calls of this name, from 1, since the plan was set. */
  readonly number: number
  /** Of `append`. */
  readonly batch?: Batch
  /** Of `append` and `open`. */
  readonly writer?: Writer
}

/** By number (`{ 3: 'fail' }`: the third call fails), or a function that is asked at every call. */
export type CallScript = Readonly<Record<number, Fault>> | ((details: CallDetails) => Fault | undefined)

/** What is to go wrong. Empty: nothing. */
export interface FaultPlan {
  /** Asked first. */
  readonly script?: Readonly<Partial<Record<FaultyCall, CallScript>>>
  /** Chance of each kind, from 0 to 1, at every call where it can happen, or at the calls named. */
  readonly probabilities?: Readonly<
    Partial<Record<FaultKind, number | Readonly<Partial<Record<FaultyCall, number>>>>>
  >
  /** How long a `delay` is. Default 3. */
  readonly delayMs?: number
  /** Size of each scanner's reads, in place of the `maxBytes` asked for. */
  readonly readBytes?: () => number
}

/** The chance of this kind at this call. */
export function probabilityOf(plan: FaultPlan, call: FaultyCall, kind: FaultKind): number {
  const given = plan.probabilities?.[kind]
  if (given === undefined || !canHappen(call, kind)) return 0
  return typeof given === 'number' ? given : (given[call] ?? 0)
}

export function canHappen(call: FaultyCall, kind: FaultKind): boolean {
  return (FAULTS_AT[call] as readonly FaultKind[]).includes(kind)
}

/** A fault that can't happen would be a test that tests nothing: `WAL_INVALID_ARGUMENT`. */
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
    // Ten times 0.1 is a little more than 1.
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
