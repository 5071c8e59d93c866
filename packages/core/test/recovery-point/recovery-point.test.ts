import assert from 'node:assert/strict'
import { readEnvelope, systemRuntime, type WireMessage } from '@wal/walimpls'
import { test } from 'vitest'
import { silentLogger } from '../../src/api/logger.js'
import { readLogEnd } from '../../src/log/read-log-end.js'
import { formatTruncationPoint, parseTruncationPoint } from '../../src/log/truncation-point.js'
import { Chance } from '../switching/chance.js'
import { ModelLog, modelIds } from './model-log.js'
import { ModelWriter } from './model-writer.js'
import { judgeWhole } from './whole-log.js'

const SEED = Number(process.env.WAL_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const LOGS = Number(process.env.WAL_TEST_LOGS ?? (process.env.WAL_TEST_SEED === undefined ? 400 : 1))
const STEPS = 40
/** How many logs were truncated so that the oldest record kept is void. */
const ONCE_WRONG = [1_837_661_986]

/** The test takes about a millisecond for each log. */
const TIMEOUT_MS = 60_000 + 10 * LOGS

test(`a look at the end of a log finds what reading all of it finds: ${LOGS} logs from WAL_TEST_SEED=${SEED}`, {
  timeout: TIMEOUT_MS,
}, async () => {
  const happened = { looks: 0, takeovers: 0, 'second openings': 0, void: 0, duplicates: 0, truncations: 0 }
  for (const seed of [...ONCE_WRONG, ...Array.from({ length: LOGS }, (_, i) => SEED + i)])
    try {
      await randomLog(new Chance(seed), happened)
    } catch (error) {
      console.error(`only this log: WAL_TEST_SEED=${seed}`)
      throw error
    }
  console.log(`${LOGS} logs:`, happened)
  if (LOGS >= 100) for (const [event, count] of Object.entries(happened)) assert.ok(count > 0, `no ${event}`)
})

type Happened = Record<
  'looks' | 'takeovers' | 'second openings' | 'void' | 'duplicates' | 'truncations',
  number
>

async function randomLog(chance: Chance, happened: Happened): Promise<void> {
  const log = new ModelLog()
  const writers: ModelWriter[] = []
  /**
   * Sent before a takeover or after it, by writers that were succeeded: a backend that forgot its fence stores them behind
   * the successor's opening record. None is acknowledged, since a look finds that record first, so none names a time
   * tick of another: whatever lies at the log's end, the tick that its last record names counts.
   */
  const late: WireMessage[][][] = []
  const current = () => writers.at(-1) as ModelWriter

  const store = (batch: readonly WireMessage[]): number => {
    const first = log.records.length
    for (const record of batch) log.store(record)
    return first
  }
  const batchOf = (writer: ModelWriter) =>
    Array.from({ length: 1 + chance.below(3) }, () => (chance.is(0.3) ? writer.tick() : writer.message()))

  const append = (writer: ModelWriter) => {
    const batch = batchOf(writer)
    let first = store(batch)
    if (chance.is(0.2)) {
      // The answer was lost. The batch that is sent again may be stored again, and records may name either copy.
      happened.duplicates++
      const copy = store(batch)
      if (chance.is(0.5)) first = copy
    }
    writer.acked(batch, first)
  }

  const takeOver = () => {
    const before = judgeWhole(log.records)
    const old = writers.at(-1)
    const highest = before.writer?.term ?? -1
    const term = highest < 0 || chance.is(0.6) ? highest + 1 : highest
    const writer = new ModelWriter({
      writer: { term, incarnation: `w${writers.length}` },
      timeTick: before.timeTick,
      lastTick: before.lastTick,
      logIdentity: before.logIdentity ?? `identity ${writers.length}`,
      truncation: before.truncation === undefined ? undefined : parseTruncationPoint(before.truncation, ''),
    })
    writer.skip(BigInt(chance.below(3)))
    // The older writer goes on until the opening record of the newer one is stored.
    if (old !== undefined && chance.is(0.5)) append(old)
    if (old !== undefined && chance.is(0.5))
      late.push(Array.from({ length: 1 + chance.below(4) }, () => batchOf(old)))
    for (;;) {
      const { timeTick } = judgeWhole(log.records)
      store([writer.opening()])
      const after = judgeWhole(log.records)
      if (after.timeTick > timeTick && after.writer?.incarnation === writer.writer.incarnation) break
      happened['second openings']++
      writer.skip(timeTick)
    }
    writer.acked([writer.opening()], log.records.length - 1)
    writers.push(writer)
    happened.takeovers++
  }

  const truncate = () => {
    const { counted } = judgeWhole(log.records)
    const { timeTick = -1n } = current().truncation ?? {}
    const above = counted.filter((each) => timeTickOf(each) > timeTick)
    if (above.length === 0) return
    const record = chance.of(above)
    current().truncateAt(record)
    const tick = current().tick()
    current().acked([tick], store([tick]))
    // A backend may free less than was asked for.
    log.truncate(modelIds.numberOf(record.id as never) - chance.below(6))
    happened.truncations++
  }

  takeOver()
  for (let step = 0; step < STEPS; step++) {
    const roll = chance.below(100)
    if (roll < 60) append(current())
    else if (roll < 75) takeOver()
    else if (roll < 85) truncate()
    else {
      const [batch] = late.length === 0 ? [] : chance.of(late).splice(0, 1)
      if (batch !== undefined) happened.void += store(batch) > 0 ? batch.length : 0
    }
    if (chance.is(0.3)) {
      happened.looks++
      await compare(log)
    }
  }
}

const timeTickOf = ({ properties }: WireMessage) => readEnvelope(properties, () => 'a record').timeTick

async function compare(log: ModelLog): Promise<void> {
  const whole = judgeWhole(log.records)
  // Any stored copy of the last time tick is right.
  const tickAt = (id: string) => {
    const record = id === '' ? undefined : log.records[modelIds.numberOf(modelIds.parse(id))]
    return record && timeTickOf(record)
  }
  const end = await readLogEnd({
    log: log.reader(),
    ids: modelIds,
    where: 'a model',
    signal: undefined,
    runtime: systemRuntime,
    logger: silentLogger,
  })
  assert.deepEqual(
    {
      writer: end.writer,
      timeTick: end.timeTick,
      logIdentity: end.logIdentity,
      truncation: end.truncation && formatTruncationPoint(end.truncation),
      lastTick: tickAt(end.lastTick),
    },
    {
      writer: whole.writer,
      timeTick: whole.timeTick,
      logIdentity: whole.logIdentity,
      truncation: whole.truncation,
      lastTick: tickAt(whole.lastTick),
    },
  )
}
