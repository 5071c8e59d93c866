import { FAULT_KINDS, FAULTS_AT, FAULTY_CALLS, type FaultKind, type FaultyCall } from './fault-kind.js'
import {
  type CallDetails,
  checkFault,
  checkPlan,
  type Fault,
  type FaultPlan,
  probabilityOf,
} from './fault-plan.js'
import { seededRandom } from './seeded-random.js'

/** A fault that happened. */
export interface FaultEvent {
  readonly call: FaultyCall
  /** As in `CallDetails`. */
  readonly number: number
  readonly kind: FaultKind
}

export interface FaultsOptions extends FaultPlan {
  /** Print it when a run fails: with it chance does the same again. Default 1. */
  readonly seed?: number
  /** Called when a fault has happened. */
  readonly onFault?: (event: FaultEvent) => void
}

/** What is decided for one call. */
export interface FaultDecision extends FaultEvent {
  readonly fault: Fault
}

/**
 * What is to go wrong, by script or by chance, and what has gone wrong so far. One may serve several builders.
 *
 * Chance has a sequence of its own for every name of a call: which faults the appends meet does not depend on how many
 * reads went on between them.
 */
export class Faults {
  readonly seed: number
  /** How often each kind has happened. A fault decided for a batch that was turned away has not. */
  readonly counts: Record<FaultKind, number>
  /** Appends turned away unwritten, since one before them had failed. */
  turnedAway = 0
  /** Logs and scanners of the backend that were opened and are not closed yet. */
  openLogs = 0
  openScanners = 0

  #current: FaultPlan
  readonly #numbers = new Map<FaultyCall, number>()
  readonly #happenedAt = new Map<string, number>()
  readonly #chances: Map<FaultyCall, () => number>
  readonly #onFault: ((event: FaultEvent) => void) | undefined

  constructor({ seed = 1, onFault, ...plan }: FaultsOptions = {}) {
    checkPlan(plan)
    this.seed = seed
    this.#onFault = onFault
    this.#current = plan
    this.counts = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Record<FaultKind, number>
    this.#chances = new Map(FAULTY_CALLS.map((call, i) => [call, seededRandom(seed + i * 0x9e3779b1)]))
  }

  get plan(): FaultPlan {
    return this.#current
  }

  /** From the next call on. Calls are counted from 1 again, for the script; chance goes on where it was. */
  set plan(plan: FaultPlan) {
    checkPlan(plan)
    this.#current = plan
    this.#numbers.clear()
  }

  /** How often this kind has happened at this call. */
  countAt(call: FaultyCall, kind: FaultKind): number {
    return this.#happenedAt.get(`${call} ${kind}`) ?? 0
  }

  /** For the wrappers: asked once for each call, in call order. */
  decide(call: FaultyCall, details: Omit<CallDetails, 'number'> = {}): FaultDecision | undefined {
    const number = (this.#numbers.get(call) ?? 0) + 1
    this.#numbers.set(call, number)
    // Drawn for every call, so that a script in front does not shift the rest.
    const chance = (this.#chances.get(call) as () => number)()
    const fault = this.#scripted(call, { ...details, number }) ?? this.#byChance(call, chance)
    if (fault === undefined) return undefined
    checkFault(call, fault)
    const kind = typeof fault === 'string' ? fault : fault instanceof Error ? 'fail' : 'delay'
    return { call, number, kind, fault }
  }

  /** For the wrappers: what was decided takes place. */
  happened({ call, number, kind }: FaultDecision): void {
    this.counts[kind]++
    this.#happenedAt.set(`${call} ${kind}`, this.countAt(call, kind) + 1)
    this.#onFault?.({ call, number, kind })
  }

  #scripted(call: FaultyCall, details: CallDetails): Fault | undefined {
    const script = this.#current.script?.[call]
    return typeof script === 'function' ? script(details) : script?.[details.number]
  }

  #byChance(call: FaultyCall, chance: number): FaultKind | undefined {
    let left = chance
    for (const kind of FAULTS_AT[call]) {
      left -= probabilityOf(this.#current, call, kind)
      if (left < 0) return kind
    }
    return undefined
  }
}
