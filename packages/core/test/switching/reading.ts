import assert from 'node:assert/strict'
import type { TimeTick } from '@wal/walimpls'
import { sleep } from '@wal/walimpls/helper'
import {
  type Message,
  type Position,
  type ReadOnlyWAL,
  type ReadOptions,
  type Runtime,
  type Scanner,
  type TimeTickMark,
  WalError,
} from '../../src/index.js'
import { textOf } from '../harness.js'
import type { Chance } from './chance.js'
import type { Counters } from './counters.js'
import type { ExpectedLog } from './expected-log.js'
import { nameOf, THE_END, VCHANNELS, type Writing } from './writing.js'

type Element = Message | TimeTickMark

/** The logs that can be read now: that of the writer, those of replaced writers, and read-only ones. */
export interface Readable {
  readonly log: ReadOnlyWAL
  readonly runtime: Runtime
  /** Whether the log knows its end. That of a replaced writer does not. */
  readonly isCurrent: boolean
}

export const WAYS_TO_CANCEL = ['break', 'close', 'abort'] as const

/** One reader with all its scanners. When one is cancelled, the next goes on behind the last message delivered. */
export class Reading {
  readonly finished: Promise<void>
  readonly #chance: Chance
  readonly #counters: Counters
  readonly #writing: Writing
  readonly #choose: () => Readable
  readonly #name: string
  readonly #options: ReadOptions
  readonly #byBatches: boolean
  readonly #delivered: Element[] = []
  /** The reader starts above this time tick; undefined for `latest`. */
  readonly #above: TimeTick | undefined
  /** For `latest`: no message that was acknowledged before the start, and every message appended after ready(). */
  #ackedBefore: TimeTick = -1n
  #madeBefore = Number.POSITIVE_INFINITY
  #pauseMs: number
  #pauseChance: number
  #scanner: Scanner<Element> | undefined
  /** Settles when the scanner is cancelled. */
  #opened: Scanner<Element> | undefined
  #isReady = false
  #abort = new AbortController()
  #breakWanted = false
  #ended = false

  constructor(parts: { chance: Chance; counters: Counters; writing: Writing; choose: () => Readable }) {
    const { chance, counters, writing, choose } = parts
    this.#chance = chance
    this.#counters = counters
    this.#writing = writing
    this.#choose = choose
    const start = this.#chooseStart()
    this.#above = start.above
    this.#byBatches = chance.is(0.2)
    const timeTicks = chance.is(0.3)
    this.#options = {
      ...start.options,
      ...(timeTicks ? { timeTicks } : {}),
      ...(chance.is(0.2) ? { vchannel: chance.of(VCHANNELS.slice(1)) } : {}),
    }
    this.#pauseMs = chance.of([0, 3, 30, 300])
    this.#pauseChance = chance.of([0.02, 0.3, 1])
    this.#name = `reader ${JSON.stringify(this.#options)}`
    this.finished = this.#run()
    // The test awaits this promise at its end.
    this.finished.catch(() => {})
  }

  /** Cancels a scanner; returns false when there is none. */
  cancel(): boolean {
    const scanner = this.#scanner
    if (scanner === undefined || this.#ended) return false
    const way = this.#chance.of(WAYS_TO_CANCEL)
    if (way === 'break') this.#breakWanted = true
    else if (way === 'abort') this.#abort.abort(new Error('cancelled'))
    else void scanner.close()
    if (way !== 'break') this.#forget()
    return true
  }

  /** Whether the place where the reader starts is known. */
  get isReady(): boolean {
    return this.#isReady || this.#ended
  }

  hurry(): void {
    this.#pauseMs = 0
  }

  check(log: ExpectedLog, end: TimeTick): void {
    const { vchannel, timeTicks } = this.#options
    const visible = log.records.filter((record) =>
      record.isTick
        ? timeTicks
        : vchannel === undefined || record.vchannel === '' || record.vchannel === vchannel,
    )
    const delivered = this.#delivered
    for (let i = 1; i < delivered.length; i++)
      assert.ok(
        (delivered[i] as Element).timeTick > (delivered[i - 1] as Element).timeTick,
        `${this.#name}: time ticks do not rise at element ${i}`,
      )
    const first = delivered[0]?.timeTick ?? end
    const above = this.#above ?? first - 1n
    const expected = visible.filter(({ timeTick }) => timeTick > above && timeTick <= end)
    assert.deepEqual(
      delivered.map(shown),
      expected.map(({ isTick, timeTick, payload }) => `${timeTick} ${isTick ? 'tick' : nameOf(payload)}`),
      `${this.#name} delivered something else than the log holds`,
    )
    for (const [i, element] of delivered.entries())
      if (element.kind === 'message') {
        assert.ok(expected[i]?.ids.has(element.messageId), `${this.#name}: ${shown(element)} at a wrong id`)
        const reserved = [...element.reserved]
        assert.deepEqual(reserved, [...(expected[i]?.reserved ?? [])], `${this.#name}: ${shown(element)}`)
      }
    if (this.#above !== undefined) return
    assert.ok(first > this.#ackedBefore, `${this.#name} delivered what was acked before it began`)
    const missed = visible.filter(({ isTick, timeTick }) => !isTick && timeTick < first)
    for (const { payload } of missed)
      assert.ok(
        !(Number.parseInt(payload, 10) >= this.#madeBefore),
        `${this.#name} missed ${nameOf(payload)}`,
      )
  }

  async #run(): Promise<void> {
    for (let scanners = 0; !this.#ended; scanners++) {
      if (scanners > 0) this.#counters.resumptions++
      const readable = this.#choose()
      this.#abort = new AbortController()
      this.#breakWanted = false
      try {
        this.#scanner = this.#open(readable)
        this.#opened = this.#scanner
        await this.#consume(this.#scanner, readable.runtime)
      } catch (error) {
        const isOurs = error === this.#abort.signal.reason
        // The log was closed after the schedule had chosen it.
        const isClosed = WalError.isInstance(error) && error.code === 'WAL_CLOSED'
        if (!isOurs && !isClosed) throw error
        await readable.runtime.yield()
      } finally {
        this.#forget()
        await this.#scanner?.close()
      }
    }
  }

  #forget(): void {
    this.#opened = undefined
    this.#isReady = false
  }

  #open({ log, isCurrent }: Readable): Scanner<Element> {
    const last = this.#delivered.at(-1)
    const { deliver, from, after, ...rest } = this.#options
    const options = last === undefined ? this.#options : { ...rest, after: last.position }
    if (last === undefined) {
      this.#ackedBefore = isCurrent ? this.#writing.newestAcked : -1n
      this.#madeBefore = Number.POSITIVE_INFINITY
    }
    const scanner = log.read({ ...options, signal: this.#abort.signal }) as Scanner<Element>
    scanner.ready().then(
      () => {
        if (scanner !== this.#opened) return
        this.#isReady = true
        if (this.#delivered.length === 0) this.#madeBefore = this.#writing.made
      },
      // The loop itself reports the error.
      () => {},
    )
    return scanner
  }

  async #consume(scanner: Scanner<Element>, runtime: Runtime): Promise<void> {
    if (this.#byBatches) {
      for await (const batch of scanner.batches()) if (await this.#take(batch, runtime)) break
    } else for await (const element of scanner) if (await this.#take([element], runtime)) break
  }

  /** Whether the reader's loop has to end. */
  async #take(elements: readonly Element[], runtime: Runtime): Promise<boolean> {
    for (const element of elements) {
      if (this.#ended) break
      this.#delivered.push(element)
      this.#counters.deliveries++
      this.#ended = element.kind === 'message' && textOf(element) === THE_END
    }
    if (!this.#ended && this.#pauseMs > 0 && this.#chance.is(this.#pauseChance))
      await sleep(runtime, this.#chance.between(0, this.#pauseMs))
    return this.#ended || this.#breakWanted
  }

  #chooseStart(): { options: ReadOptions; above: TimeTick | undefined } {
    const kind = this.#chance.of(['all', 'latest', 'from', 'after'] as const)
    const known = [...this.#writing.acked.values()]
    if (kind === 'latest') return { options: { deliver: 'latest' }, above: undefined }
    if (kind === 'all' || known.length === 0)
      return { options: this.#chance.is(0.5) ? {} : { deliver: 'all' }, above: -1n }
    const { position, timeTick }: { position: Position; timeTick: TimeTick } = this.#chance.of(known)
    return kind === 'from'
      ? { options: { from: position }, above: timeTick - 1n }
      : { options: { after: position }, above: timeTick }
  }
}

const shown = (element: Element): string =>
  `${element.timeTick} ${element.kind === 'message' ? nameOf(textOf(element)) : 'tick'}`
