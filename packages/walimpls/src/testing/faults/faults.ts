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
  /** The number of the call, as in `CallDetails`. */
  readonly number: number
  readonly kind: FaultKind
}

export interface FaultsOptions extends FaultPlan {
  /** Decides every fault by chance: the same seed gives the same faults. Print it when a test fails. Default: 1. */
  readonly seed?: number
  /** Called when a fault has happened. */
  readonly onFault?: (event: FaultEvent) => void
}

/** The fault that was decided for one call. */
export interface FaultDecision extends FaultEvent {
  readonly fault: Fault
}

/**
 * Decides which faults happen, by script or by chance, and counts those that have happened. Several builders may share one.
 *
 * The calls of each name have their own sequence of random numbers. So the faults of appends do not depend on how many reads
 * happen between them.
 */
export class Faults {
  readonly seed: number
  /** How often each kind has happened. The fault of a batch that was refused behind a failed one has not happened. */
  readonly counts: Record<FaultKind, number>
  /** How many appends were refused without being stored, because one before them had failed. */
  turnedAway = 0
  /** How many logs and scanners of the backend are open. */
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

  /** The new plan holds from the next call on. Calls are numbered from 1 again; the random numbers go on where they were. */
  set plan(plan: FaultPlan) {
    checkPlan(plan)
    this.#current = plan
    this.#numbers.clear()
  }

  /** How often this kind has happened at this call. */
  countAt(call: FaultyCall, kind: FaultKind): number {
    return this.#happenedAt.get(`${call} ${kind}`) ?? 0
  }

  /** Called by the wrappers of the backend, once for each call, in call order. */
  decide(call: FaultyCall, details: Omit<CallDetails, 'number'> = {}): FaultDecision | undefined {
    const number = (this.#numbers.get(call) ?? 0) + 1
    this.#numbers.set(call, number)
    // A number is drawn for every call, so that a fault of the script does not change the faults of later calls.
    const chance = (this.#chances.get(call) as () => number)()
    const fault = this.#scripted(call, { ...details, number }) ?? this.#byChance(call, chance)
    if (fault === undefined) return undefined
    checkFault(call, fault)
    const kind = typeof fault === 'string' ? fault : fault instanceof Error ? 'fail' : 'delay'
    return { call, number, kind, fault }
  }

  /** Called by the wrappers of the backend when a fault that was decided happens. */
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
