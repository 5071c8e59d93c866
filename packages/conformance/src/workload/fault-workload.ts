import assert from 'node:assert/strict'
import { Faults, faultyBuilder, seededRandom } from '@wal/walimpls/testing'
import { HistoryWriter } from '../history/history-writer.js'
import type { ReadOnlyLog } from '../kit/adaptor.js'
import { hurriedRuntime } from '../kit/hurried-runtime.js'
import { Observations, observedBuilder } from '../kit/observed-builder.js'
import { pause } from '../kit/patience.js'
import type { Scene } from '../kit/scene.js'
import { countsAsText } from '../kit/seeded-run.js'
import { assertKept, namedRecord } from './history-recorder.js'
import { type RecordedWriter, WorkloadHistory } from './workload-history.js'

const APPEND_FAULTS = [
  'fail',
  'write-then-fail',
  'duplicate-then-fail',
  'duplicate',
  'fence',
  'delay',
  'full',
] as const
const READ_FAULTS = ['fail', 'cut', 'delay'] as const
/** Chances of a fault: four of ten appends have one, and eight of a hundred reads. */
const APPEND_CHANCE = 0.4 / APPEND_FAULTS.length
const READ_CHANCE = 0.08 / READ_FAULTS.length
/** The least number of rounds. The workload does more while some kind of fault or event has not happened yet. */
const LEAST_ROUNDS = 90
/** The largest number of rounds. If some kind of fault or event has not happened by then, the workload fails. */
const MOST_ROUNDS = 1500
/** The next round waits while more appends than this have no outcome. */
const MOST_IN_FLIGHT = 8

/**
 * Appends, reads and takeovers through `@wal/core`, over a backend whose calls fail at random. The seed decides every choice;
 * only the timing of I/O differs between two runs with one seed.
 */
export class FaultWorkload {
  readonly #scene: Scene
  readonly #random: () => number
  readonly #faults: Faults
  readonly #seen = new Observations()
  readonly #events = new HistoryWriter()
  readonly #history: WorkloadHistory
  readonly #counts = { takeovers: 0, readers: 0 }
  readonly #fences: boolean
  #appends = 0

  constructor(scene: Scene, seed: number) {
    this.#scene = scene
    this.#random = seededRandom(seed)
    this.#history = new WorkloadHistory(this.#events, scene.waiting)
    this.#fences = scene.backend.builder.traits.fencing !== 'none'
    this.#faults = new Faults({
      seed,
      probabilities: {
        fail: { append: APPEND_CHANCE, next: READ_CHANCE },
        delay: { append: APPEND_CHANCE, next: READ_CHANCE },
        'write-then-fail': { append: APPEND_CHANCE },
        'duplicate-then-fail': { append: APPEND_CHANCE },
        duplicate: { append: APPEND_CHANCE },
        fence: { append: APPEND_CHANCE },
        full: { append: APPEND_CHANCE },
        cut: { next: READ_CHANCE },
      },
      delayMs: 8,
      readBytes: () => 200 + Math.floor(this.#random() * 20_000),
    })
  }

  async run(): Promise<void> {
    let writer = await this.#open()
    const reader = await this.#scene.openReader(this.#options())
    const appending: Promise<void>[] = []
    for (
      let round = 0;
      round < LEAST_ROUNDS || (this.#missing().length > 0 && round < MOST_ROUNDS);
      round++
    ) {
      for (let i = 0; i < 3; i++) appending.push(this.#append(writer))
      if (round % 9 === 1 && round < 4 * LEAST_ROUNDS) this.#read(this.#chance(0.6) ? writer.wal : reader)
      if (round % 30 === 29 && this.#fences) {
        const newer = await this.#open()
        this.#counts.takeovers++
        // The older writer does not know of the newer one yet: this append is the one that the fence refuses.
        appending.push(this.#append(writer))
        writer = newer
      }
      await this.#scene.waiting.until(
        'some of the appends in flight settle',
        () => this.#history.inFlight <= MOST_IN_FLIGHT,
      )
    }
    await Promise.all(appending)
    this.#faults.plan = {}
    await this.#history.complete(writer, await this.#scene.openReader())
    assertKept(this.#events, this.#scene.backend.builder.messageIds)
    assert.deepEqual(
      this.#missing(),
      [],
      'These faults and events never happened in the workload, so it proves nothing about them.',
    )
  }

  report(): string {
    const { switchesToTailing, evictions } = this.#seen
    return countsAsText({
      ...this.#history.counts,
      ...this.#counts,
      ...this.#faultCounts(),
      'switches to tailing': switchesToTailing,
      evictions,
    })
  }

  #options() {
    const builder = observedBuilder(faultyBuilder(this.#scene.builder, this.#faults), this.#seen)
    return {
      builder,
      runtime: hurriedRuntime(this.#scene.runtime()),
      budgetBytes: 1 << 20,
      maxWaitingBytes: 1 << 20,
      batchBytes: 8 << 10,
      timeTickMs: 5,
      bufferAgeMs: 15,
    }
  }

  async #open(): Promise<RecordedWriter> {
    return this.#history.opened(await this.#scene.open(this.#options()))
  }

  /** Appends one message or up to ten, with a short deadline, an early abort, or neither. */
  async #append(writer: RecordedWriter): Promise<void> {
    const count = this.#chance(0.3) ? 1 + Math.floor(this.#random() * 10) : 1
    const records = Array.from({ length: count }, () => {
      const name = `a${this.#appends++}`
      return { name, record: namedRecord(name, 100 + Math.floor(this.#random() * 3000)) }
    })
    const controller = new AbortController()
    const choices = this.#chance(0.25)
      ? { timeoutMs: 1 + Math.floor(this.#random() * 10) }
      : { signal: controller.signal }
    const abort = this.#chance(0.1) ? pause(this.#random() * 4) : undefined
    const aborting = abort?.then(() => controller.abort(new Error('aborted')))
    await this.#history.append(writer, records, choices)
    await aborting
  }

  /** Starts a reader at the log's beginning, or behind a record that another reader was given. Every second reader is slow. */
  #read(log: ReadOnlyLog): void {
    const { readers } = this.#history
    const known = readers[Math.floor(this.#random() * readers.length)]?.records
    const after = this.#chance(0.4) ? known?.[Math.floor(this.#random() * known.length)] : undefined
    const slow = this.#chance(0.5)
    const name = `reader${this.#counts.readers++}`
    const pauseBetween = () => (slow && this.#chance(0.05) ? pause(this.#random() * 20) : undefined)
    this.#history.read({ name, log, after, pauseBetween })
  }

  #faultCounts(): Record<string, number> {
    const at = (
      call: 'append' | 'next',
      kinds: readonly (typeof APPEND_FAULTS | typeof READ_FAULTS)[number][],
    ) => kinds.map((kind): [string, number] => [`${call} ${kind}`, this.#faults.countAt(call, kind)])
    return Object.fromEntries([...at('append', APPEND_FAULTS), ...at('next', READ_FAULTS)])
  }

  /** Names of the faults and events that have not happened yet. */
  #missing(): string[] {
    const { switchesToTailing, evictions } = this.#seen
    const { takeovers, readers } = this.#counts
    const due = {
      ...this.#history.counts,
      readers,
      ...this.#faultCounts(),
      switchesToTailing,
      evictions,
      resolved: this.#history.tokens.size,
    }
    const missing = Object.entries(due).flatMap(([name, count]) => (count === 0 ? [name] : []))
    return this.#fences && takeovers === 0 ? [...missing, 'takeovers'] : missing
  }

  #chance(probability: number): boolean {
    return this.#random() < probability
  }
}
