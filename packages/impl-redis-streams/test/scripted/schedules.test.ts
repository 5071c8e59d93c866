import assert from 'node:assert/strict'
import type { Batch } from '@wal/walimpls'
import { seededRandom } from '@wal/walimpls/testing'
import { test } from 'vitest'
import { replyError, turn } from './scripted-connection.js'
import { BASE, ScriptedLog, type ScriptedWriter, type SentAppend, words } from './scripted-log.js'

const SEED = Number(process.env.WAL_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const SCHEDULES = 200
const BATCHES = 30
const MOST_IN_FLIGHT = 4

/**
 * What the append script does on a server, as far as order goes: a batch is stored when it follows the last stored one, is
 * found when it is stored already, and is refused otherwise.
 */
class StoredBatches {
  /** Ordinals of the messages, in the order in which they were stored. */
  readonly ordinals: number[] = []

  run({ batch }: SentAppend): Buffer[] {
    const sequence = Number(batch.sequence)
    const last = this.ordinals.length - 1
    if (last >= sequence) return words('ok', `${BASE}`)
    const expected = last < 0 ? '' : `${BASE}-${last}`
    if (batch.previous !== expected) return words('behind', expected)
    for (let i = 0; i < Number(batch.count); i++) this.ordinals.push(sequence + i)
    return words('ok', `${BASE}`)
  }

  has({ sequence }: Batch): boolean {
    return this.ordinals.includes(sequence)
  }
}

test(`${SCHEDULES} schedules of lost, late and refused answers: order holds, and no outcome is wrong, WAL_TEST_SEED=${SEED}`, async () => {
  const random = seededRandom(SEED)
  const counts = { acked: 0, unknown: 0, 'not-written': 0 }
  for (let i = 0; i < SCHEDULES; i++) await runSchedule(random, counts)
  for (const [outcome, count] of Object.entries(counts)) assert.ok(count > 0, `no append was ${outcome}`)
})

type Counts = Record<'acked' | 'unknown' | 'not-written', number>

/** Sends batches as core does: after a failure it waits for all in flight, and sends the same ones again, in order. */
async function runSchedule(random: () => number, counts: Counts): Promise<void> {
  const log = new ScriptedLog()
  const writer = await log.writer()
  const server = new StoredBatches()
  const due = Array.from({ length: BATCHES }, () => writer.batch(1 + Math.floor(random() * 3)))
  while (due.length > 0) {
    const flight = due.slice(0, 1 + Math.floor(random() * MOST_IN_FLIGHT))
    const settled = Promise.all(flight.map((batch) => settle(writer, server, batch, counts)))
    const acked = (await played(log, server, random, settled)).filter(Boolean).length
    due.splice(0, acked)
  }
  assert.deepEqual(
    server.ordinals,
    server.ordinals.map((_, index) => index),
  )
}

/** True for an acknowledgement. Checks every outcome against what is stored at that moment. */
async function settle(writer: ScriptedWriter, server: StoredBatches, batch: Batch, counts: Counts) {
  const outcome = await writer.send(batch)
  if (typeof outcome === 'string') {
    counts.acked++
    assert.ok(server.has(batch), `batch ${batch.sequence} was acknowledged and is not stored`)
    assert.ok(
      outcome.startsWith(`${BASE}-${batch.sequence}`),
      `batch ${batch.sequence} got the ids ${outcome}`,
    )
    return true
  }
  counts[outcome.outcome as 'unknown' | 'not-written']++
  if (outcome.outcome === 'not-written')
    assert.ok(!server.has(batch), `batch ${batch.sequence} was told as not written and is stored`)
  return false
}

/** Plays the server until all is settled: it runs commands in the order in which they came, and answers as chance has it. */
async function played<T>(
  log: ScriptedLog,
  server: StoredBatches,
  random: () => number,
  settled: Promise<T>,
): Promise<T> {
  let done = false
  const watched = settled.finally(() => {
    done = true
  })
  const late: (() => void)[] = []
  while (!done) {
    const command = log.nextAppendNow()
    if (command === undefined) {
      late.splice(Math.floor(random() * late.length), 1)[0]?.()
      await turn()
      continue
    }
    const dice = random()
    if (dice < 0.1) command.fail(replyError('LOADING Redis is loading the dataset in memory'))
    else if (dice < 0.2) {
      // Everything in flight is cut off: this command was done, or it was not.
      if (dice < 0.15) server.run(command)
      for (const answer of late.splice(0)) if (random() < 0.5) answer()
      log.redis.lose()
      log.redis.restore()
    } else {
      const reply = server.run(command)
      if (dice < 0.6) command.reply(reply)
      else late.push(() => command.reply(reply))
    }
  }
  return watched
}
