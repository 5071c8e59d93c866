import assert from 'node:assert/strict'
import {
  Faults,
  faultyBuilder,
  memoryBuilder,
  resetMemory,
  type SimulatedRuntime,
  simulatedRuntime,
} from '@wal/core/testing'
import { sleep } from '@wal/walimpls/helper'
import { openWal, type WAL, WalError } from '../../src/index.js'
import { Chance } from './chance.js'
import type { Counters } from './counters.js'
import { expectedLog } from './expected-log.js'
import { type Readable, Reading } from './reading.js'
import { watchedBuilder } from './watched-builder.js'
import { Writing } from './writing.js'

const CHANNEL = 'log'
const HOUR_MS = 3_600_000
const STEPS = 40
const MOST_READERS = 5
const BARRIER_MAY_END_SO: readonly string[] = ['WAL_TIMEOUT', 'WAL_OUTCOME_UNKNOWN']

const FAULTS = {
  probabilities: {
    fail: { append: 0.03, next: 0.04, last: 0.05 },
    delay: { append: 0.1, next: 0.05 },
    'write-then-fail': { append: 0.04 },
    'duplicate-then-fail': { append: 0.03 },
    duplicate: { append: 0.05 },
    fence: { append: 0.02 },
    cut: { next: 0.04 },
  },
  delayMs: 8,
}

/** A writer in a process of its own, and the readers of that process. */
interface WriterProcess {
  readonly runtime: SimulatedRuntime
  readonly wal: WAL
}

/** One run from a seed: appends, readers, faults and takeovers at random; then every reader reads to the end. */
export class Schedule {
  readonly #seed: number
  readonly #counters: Counters
  readonly #chance: Chance
  readonly #time: SimulatedRuntime
  readonly #writing: Writing
  readonly #writers: WriterProcess[] = []
  readonly #readers: Reading[] = []
  /** The runtime of each simulated process. */
  readonly #faults: Faults[] = []
  #readOnly: Readable | undefined
  /** Some runs have messages so large that the buffer evicts by bytes. In all others it evicts by age. */
  readonly #largest: number
  readonly #bufferAgeMs: number

  constructor(seed: number, counters: Counters) {
    this.#seed = seed
    this.#counters = counters
    this.#chance = new Chance(seed)
    this.#time = simulatedRuntime({ seed })
    this.#writing = new Writing(this.#chance, counters)
    const byBytes = this.#chance.is(0.1)
    this.#largest = byBytes ? 20_000 : 300
    this.#bufferAgeMs = byBytes ? 30_000 : this.#chance.of([0, 1, 5, 20, 100])
  }

  async run(): Promise<void> {
    try {
      await this.#time.run(this.#live())
    } finally {
      resetMemory(this.#store)
    }
  }

  get #store(): string {
    return `schedule ${this.#seed}`
  }

  get #current(): WriterProcess {
    return this.#writers.at(-1) as WriterProcess
  }

  async #live(): Promise<void> {
    await this.#takeOver()
    const runtime = this.#time.another()
    const log = await openWal('memory:', { ...this.#options(runtime), accessMode: 'ro' })
    this.#readOnly = { runtime, log, isCurrent: true }
    for (let step = 0; step < STEPS; step++) await this.#step()
    await this.#drain()
    await this.#check()
    await Promise.all([...this.#writers.map(({ wal }) => wal.close()), log.close()])
    for (const faults of this.#faults)
      assert.deepEqual([faults.openScanners, faults.openLogs], [0, 0], 'something was left open')
  }

  async #step(): Promise<void> {
    const chance = this.#chance
    const roll = chance.between(0, 100)
    if (roll < 45) {
      // Replaced writers do not know yet that they were replaced.
      const writer = chance.is(0.9) ? this.#current : chance.of(this.#writers)
      this.#writing.burst(writer.wal, this.#largest)
      if (chance.is(0.3) || this.#writing.open > 30) await this.#writing.settled()
    } else if (roll < 70) await sleep(this.#time, chance.between(0, 20))
    else if (roll < 80) this.#startReader()
    else if (roll < 90) {
      if (this.#readers.length > 0 && chance.of(this.#readers).cancel()) this.#counters.cancellations++
    } else if (roll < 94) await this.#barrier()
    else if (roll < 96) {
      this.#time.leap(chance.between(0.1, 5) * HOUR_MS)
      this.#counters['leaps of time']++
    } else if (roll < 98) {
      chance.of(this.#writers).runtime.moveWallClock(chance.between(-3, 3) * HOUR_MS)
      this.#counters['wall clock moved']++
    } else {
      await this.#takeOver()
      this.#counters.takeovers++
      if (chance.is(0.2)) await chance.of(this.#writers.slice(0, -1)).wal.close()
    }
  }

  #startReader(): void {
    if (this.#readers.length === MOST_READERS) return
    const parts = { chance: this.#chance, counters: this.#counters, writing: this.#writing }
    this.#readers.push(new Reading({ ...parts, choose: () => this.#chooseLog() }))
  }

  #chooseLog(): Readable {
    if (this.#chance.is(0.15)) return this.#readOnly as Readable
    const writer = this.#chance.is(0.9) ? this.#current : this.#chance.of(this.#writers)
    return { runtime: writer.runtime, log: writer.wal, isCurrent: writer === this.#current }
  }

  async #barrier(): Promise<void> {
    const before = this.#writing.newestAcked
    try {
      const tick = await this.#current.wal.barrier()
      assert.ok(tick > before, 'what was acked before a barrier lies below it')
      this.#counters.barriers++
    } catch (error) {
      // With many faults in a row this may take longer than its time limit.
      if (!WalError.isInstance(error) || !BARRIER_MAY_END_SO.includes(error.code)) throw error
    }
  }

  /** Another process opens the log for writing. The writers before are not told. */
  async #takeOver(): Promise<void> {
    const runtime = this.#time.another()
    this.#writers.push({ runtime, wal: await openWal('memory:', this.#writerOptions(runtime)) })
  }

  #writerOptions(runtime: SimulatedRuntime) {
    const isFenced = (): boolean | undefined =>
      this.#writers.find((writer) => writer.runtime === runtime)?.wal.signal.aborted
    const counters = this.#counters
    const options = this.#options(runtime)
    const builder = watchedBuilder(options.builder, {
      mayTail: () => isFenced() === false,
      toTailing: () => counters.count('switches from catch-up to tailing'),
      toCatchUp: () =>
        counters.count(
          isFenced() ? 'fallbacks from tailing at a takeover' : 'evictions under a tailing reader',
        ),
      errorInCatchUp: () => counters.count('backend errors in catch-up'),
    })
    return { ...options, builder }
  }

  #options(runtime: SimulatedRuntime) {
    const readBytes = () => 200 + this.#chance.below(4000)
    const faults = new Faults({ seed: this.#seed + this.#faults.length, ...FAULTS, readBytes })
    this.#faults.push(faults)
    return {
      channel: CHANNEL,
      backend: { name: this.#store },
      builder: faultyBuilder(memoryBuilder(), faults),
      runtime,
      budgetBytes: 1 << 20,
      bufferAgeMs: this.#bufferAgeMs,
      batchBytes: 2048,
      timeTickMs: 10,
      fenceCheckMs: 50,
      // With many faults in a row this may take longer than the default limit.
      openTimeoutMs: HOUR_MS,
      // Hours pass at once, and clocks differ by as much.
      maxClockAheadMs: 10_000 * HOUR_MS,
    }
  }

  /** Ends the faults. From now on every reader has to come to the end. */
  async #drain(): Promise<void> {
    for (const faults of this.#faults) faults.plan = {}
    await this.#writing.settled()
    assert.equal(this.#current.wal.signal.aborted, false, 'nobody has replaced the last writer')
    // A reader of `latest` that begins behind the end would wait forever.
    do await sleep(this.#time, 100)
    while (!this.#readers.every((reader) => reader.isReady))
    await this.#writing.theEnd(this.#current.wal)
    for (const reader of this.#readers) reader.hurry()
    await Promise.all(this.#readers.map((reader) => reader.finished))
  }

  async #check(): Promise<void> {
    const log = await expectedLog(this.#store, CHANNEL)
    this.#counters['stored duplicates'] += log.storedDuplicates
    this.#writing.check(log)
    const { timeTick } = [...this.#writing.acked.values()].at(-1) as { timeTick: bigint }
    for (const reader of this.#readers) reader.check(log, timeTick)
  }
}
