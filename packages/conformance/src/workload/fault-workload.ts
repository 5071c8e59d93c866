import assert from 'node:assert/strict'
import { Faults, faultyBuilder, seededRandom } from '@wal/walimpls/testing'
import type { HistoryWriterName } from '../history/history-event.js'
import { HistoryWriter } from '../history/history-writer.js'
import type { AdaptorError, Appended, ReadOnlyLog, WriterLog } from '../kit/adaptor.js'
import { hurriedRuntime } from '../kit/hurried-runtime.js'
import { Observations, observedBuilder } from '../kit/observed-builder.js'
import { pause } from '../kit/patience.js'
import type { Scene } from '../kit/scene.js'
import {
  assertKept,
  invoked,
  namedRecord,
  notAcked,
  RecordedScanner,
  resolved,
  written,
} from './history-recorder.js'

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
/** Four appends in ten meet a fault, and one read in twelve. */
const APPEND_CHANCE = 0.4 / APPEND_FAULTS.length
const READ_CHANCE = 0.08 / READ_FAULTS.length
const LEAST_ROUNDS = 90
/** By then what never happened never will. */
const MOST_ROUNDS = 1500
const IN_FLIGHT = 8

interface Writing {
  readonly wal: WriterLog
  readonly name: HistoryWriterName
}

/** Random appends, readers and takeovers over a backend that fails at random; all of it from a seed, but for its timing. */
export class FaultWorkload {
  readonly #scene: Scene
  readonly #random: () => number
  readonly #faults: Faults
  readonly #seen = new Observations()
  readonly #history = new HistoryWriter()
  readonly #scanners: RecordedScanner[] = []
  /** By token, the appends that it names. */
  readonly #tokens = new Map<string, readonly string[]>()
  readonly #counts = { acked: 0, 'not written': 0, unknown: 0, takeovers: 0, readers: 0 }
  readonly #fences: boolean
  #appends = 0
  #outstanding = 0

  constructor(scene: Scene, seed: number) {
    this.#scene = scene
    this.#random = seededRandom(seed)
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
    let writing = await this.#open()
    const reader = await this.#scene.openReader(this.#options())
    const appending: Promise<void>[] = []
    for (
      let round = 0;
      round < LEAST_ROUNDS || (this.#missing().length > 0 && round < MOST_ROUNDS);
      round++
    ) {
      for (let i = 0; i < 3; i++) appending.push(this.#append(writing))
      if (round % 9 === 1 && round < 4 * LEAST_ROUNDS) this.#read(this.#chance(0.6) ? writing.wal : reader)
      if (round % 30 === 29 && this.#fences) {
        const newer = await this.#open()
        this.#counts.takeovers++
        // The older one is not told: its appends meet the fence.
        appending.push(this.#append(writing))
        writing = newer
      }
      await this.#scene.waiting.until(
        'some of the appends in flight settle',
        () => this.#outstanding <= IN_FLIGHT,
      )
    }
    await Promise.all(appending)
    await this.#judge(writing)
    assert.deepEqual(this.#missing(), [], 'what never happened proves nothing')
  }

  report(): string {
    const { switchesToTailing, evictions } = this.#seen
    const counts = {
      ...this.#counts,
      ...this.#faultCounts(),
      'switches to tailing': switchesToTailing,
      evictions,
    }
    return Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')
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

  async #open(): Promise<Writing> {
    const wal = await this.#scene.open(this.#options())
    const name = { term: wal.channel.term, incarnation: `term${wal.channel.term}` }
    this.#history.add({ kind: 'opened', writer: name })
    wal.signal.addEventListener('abort', () => this.#history.add({ kind: 'fenced', writer: name }), {
      once: true,
    })
    return { wal, name }
  }

  async #append({ wal, name: writer }: Writing): Promise<void> {
    const count = this.#chance(0.3) ? 1 + Math.floor(this.#random() * 10) : 1
    const records = Array.from({ length: count }, () => {
      const name = `a${this.#appends++}`
      return { name, record: namedRecord(name, 100 + Math.floor(this.#random() * 3000)) }
    })
    for (const { name, record } of records) this.#history.add(invoked(name, writer, record))
    const controller = new AbortController()
    const choices = this.#chance(0.25)
      ? { timeoutMs: 1 + Math.floor(this.#random() * 10) }
      : { signal: controller.signal }
    const abort = this.#chance(0.1) ? pause(this.#random() * 4) : undefined
    const aborting = abort?.then(() => controller.abort(new Error('aborted')))
    this.#outstanding++
    try {
      const [first] = records
      const results =
        count === 1 && first !== undefined
          ? [await wal.append(first.record, choices)]
          : await wal.appendBatch(
              records.map(({ record }) => record),
              choices,
            )
      this.#settle(
        records.map(({ name }) => name),
        results,
      )
    } catch (error) {
      this.#settle(
        records.map(({ name }) => name),
        (error as { results?: Appended[] }).results ?? [],
        error as AdaptorError,
      )
    } finally {
      this.#outstanding--
    }
    await aborting
  }

  #settle(names: readonly string[], results: readonly Appended[], error?: AdaptorError): void {
    for (const [i, name] of names.entries()) {
      const result = results[i]
      const event =
        result === undefined ? notAcked(name, error ?? assert.fail('no result')) : written(name, result)
      this.#history.add(event)
      if (event.kind === 'append-ok') this.#counts.acked++
      else if (event.kind === 'append-failed') this.#counts['not written']++
      else {
        this.#counts.unknown++
        if (error?.token !== undefined) this.#tokens.set(error.token, names.slice(results.length))
      }
    }
  }

  #read(log: ReadOnlyLog): void {
    const known = this.#scanners[Math.floor(this.#random() * this.#scanners.length)]?.records
    const from = this.#chance(0.4) ? known?.[Math.floor(this.#random() * known.length)] : undefined
    const slow = this.#chance(0.5)
    const scanner = log.read(from === undefined ? {} : { after: from.position })
    const name = `reader${this.#counts.readers++}`
    const start = from === undefined ? 'all' : { after: `${from.timeTick}` }
    const pauseBetween = () => (slow && this.#chance(0.05) ? pause(this.#random() * 20) : undefined)
    this.#scanners.push(
      new RecordedScanner(name, scanner, this.#scene.waiting, this.#history, start, pauseBetween),
    )
  }

  async #judge({ wal, name }: Writing): Promise<void> {
    this.#faults.plan = {}
    const record = namedRecord('the end', 10)
    this.#history.add(invoked('the end', name, record))
    const last = await wal.append(record)
    this.#history.add(written('the end', last))
    const clean = await this.#scene.openReader()
    this.#scanners.push(new RecordedScanner('truth', clean.read(), this.#scene.waiting, this.#history, 'all'))
    for (const scanner of this.#scanners) await scanner.upTo(last.timeTick)
    for (const [token, appends] of this.#tokens) {
      const resolution = await clean.resolve(token)
      for (const [i, append] of appends.entries()) this.#history.add(resolved(append, resolution, i))
    }
    assertKept(this.#history, this.#scene.backend.builder.messageIds)
  }

  #faultCounts(): Record<string, number> {
    const at = (
      call: 'append' | 'next',
      kinds: readonly (typeof APPEND_FAULTS | typeof READ_FAULTS)[number][],
    ) => kinds.map((kind): [string, number] => [`${call} ${kind}`, this.#faults.countAt(call, kind)])
    return Object.fromEntries([...at('append', APPEND_FAULTS), ...at('next', READ_FAULTS)])
  }

  /** What has not happened yet. */
  #missing(): string[] {
    const { switchesToTailing, evictions } = this.#seen
    const { takeovers, ...counts } = this.#counts
    const due = {
      ...counts,
      ...this.#faultCounts(),
      switchesToTailing,
      evictions,
      resolved: this.#tokens.size,
    }
    const missing = Object.entries(due).flatMap(([name, count]) => (count === 0 ? [name] : []))
    return this.#fences && takeovers === 0 ? [...missing, 'takeovers'] : missing
  }

  #chance(probability: number): boolean {
    return this.#random() < probability
  }
}
