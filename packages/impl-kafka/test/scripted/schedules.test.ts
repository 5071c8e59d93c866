import assert from 'node:assert/strict'
import type { Batch } from '@wal/walimpls'
import { seededRandom } from '@wal/walimpls/testing'
import { test } from 'vitest'
import { recordDecoder } from '../../src/read/fetch-page.js'
import type { Fate } from './scripted-broker.js'
import { ScriptedLog, type ScriptedWriter } from './scripted-log.js'

const SEED = Number(process.env.WAL_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const SCHEDULES = 150
const BATCHES = 30
const MOST_IN_FLIGHT = 5

const MISHAPS: readonly Fate[] = [
  'lose reply',
  'lose request',
  { error: 'NOT_ENOUGH_REPLICAS' },
  { error: 'MESSAGE_TOO_LARGE' },
  { error: 'REQUEST_TIMED_OUT', applied: true },
  { error: 'REQUEST_TIMED_OUT' },
  { error: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', applied: true },
  { error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' },
  { error: 'UNKNOWN_PRODUCER_ID' },
]

/** A writer under random mishaps, and what became of its batches. */
class Schedule {
  readonly #log = new ScriptedLog({ brokers: 2 })
  readonly #random: () => number
  /** The offsets of acknowledged batches, by their sequence. */
  readonly #acked = new Map<number, { readonly batch: Batch; readonly first: number }>()

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  async run(): Promise<void> {
    const writer = await this.#log.writer()
    for (const broker of this.#log.cluster.brokers) broker.always('Produce', () => this.#fate())
    const left: Batch[] = []
    for (let made = 0, rounds = 0; made < BATCHES || left.length > 0; rounds++) {
      assert.ok(rounds < 50 * BATCHES, 'the writer gets nowhere')
      const due = left.splice(0, MOST_IN_FLIGHT)
      while (due.length < MOST_IN_FLIGHT && made < BATCHES && this.#chance(0.8)) {
        due.push(writer.batch(1 + Math.floor(this.#random() * 3)))
        made++
      }
      if (this.#chance(0.1)) this.#disturb()
      left.unshift(...(await this.#send(writer, due)))
    }
    this.#check()
  }

  /** Sends batches as the adaptor does. Answers those to send again. */
  async #send(writer: ScriptedWriter, due: readonly Batch[]): Promise<Batch[]> {
    let failed = false
    const again: Batch[] = []
    const sent = due.map(async (batch, i) => {
      for (let turn = 0; turn < i * 2; turn++) await new Promise((resolve) => setImmediate(resolve))
      // The adaptor hands in nothing new once it knows of a failure.
      const outcome = failed ? 'held back' : await writer.send(batch)
      if (/^\d/.test(outcome)) {
        this.#acked.set(batch.sequence, { batch, first: Number.parseInt(outcome, 10) })
        return
      }
      failed = true
      assert.match(outcome, /held back|WAL_UNAVAILABLE|WAL_MESSAGE_TOO_LARGE/)
      if (!outcome.endsWith('WAL_MESSAGE_TOO_LARGE')) again.push(batch)
    })
    await Promise.all(sent)
    return again.sort((a, b) => a.sequence - b.sequence)
  }

  /** What is acknowledged lies where it was said, and a reader gets it: it passes over what lies behind something later. */
  #check(): void {
    const { batches } = this.#log.partition
    const { messages } = recordDecoder('orders').decode(Buffer.concat(batches.map(({ bytes }) => bytes)), {
      from: 0,
      aborted: [],
    })
    const ordinals = messages.map(({ payload }) => Number(Buffer.from(payload).toString().split(' ')[1]))
    const delivered = new Set<number>()
    let last = -1
    for (const ordinal of ordinals) {
      if (ordinal <= last) continue
      delivered.add(ordinal)
      last = ordinal
    }
    for (const [sequence, { batch, first }] of this.#acked)
      for (let i = 0; i < batch.count; i++) {
        assert.equal(
          ordinals[first + i],
          sequence + i,
          `offset ${first + i} does not have what was acknowledged`,
        )
        assert.ok(
          delivered.has(sequence + i),
          `no reader gets message ${sequence + i}, which was acknowledged`,
        )
      }
  }

  #fate(): Fate {
    if (this.#chance(0.75)) return 'usual'
    return MISHAPS[Math.floor(this.#random() * MISHAPS.length)] as Fate
  }

  #disturb(): void {
    const { partition, cluster, broker } = this.#log
    const kinds = [
      () => broker.hangUp(),
      () => partition.restart(),
      () => cluster.identities.clear(),
      () => {
        const topic = cluster.topic('orders')
        topic.leader = 3 - topic.leader
        partition.elect()
      },
    ]
    kinds[Math.floor(this.#random() * kinds.length)]?.()
  }

  #chance(probability: number): boolean {
    return this.#random() < probability
  }
}

test(`no schedule of mishaps loses what was acknowledged, or answers the offsets of something else (seed ${SEED})`, async () => {
  for (let i = 0; i < SCHEDULES; i++) {
    try {
      await new Schedule(SEED + i).run()
    } catch (error) {
      throw new Error(`WAL_TEST_SEED=${SEED + i}: ${error}`, { cause: error })
    }
  }
})
