import assert from 'node:assert/strict'
import {
  MESSAGE_TYPE,
  propertyOf,
  RESERVED,
  readEnvelope,
  type StoredMessage,
  systemRuntime,
  type WireMessage,
} from '@wal/walimpls'
import { test } from 'vitest'
import { silentLogger } from '../../src/api/logger.js'
import type { LogEnd } from '../../src/log/log-end.js'
import { formatLogPoint, parseLogPoint } from '../../src/log/log-point.js'
import type { LogView } from '../../src/log/log-view.js'
import { readLogEnd } from '../../src/log/read-log-end.js'
import type { RecoveryPoint } from '../../src/log/recovery-point.js'
import { type LookedBack, lookBack } from '../../src/writer/look-back.js'
import { Chance } from '../switching/chance.js'
import { BEGINS, ENDS, HeldUnits, KEY, pointOf, withHeldUnits } from './held-units.js'
import { ModelLog, modelIds } from './model-log.js'
import { ModelWriter } from './model-writer.js'
import { judgeWhole } from './whole-log.js'

const SEED = Number(process.env.WAL_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const LOGS = Number(process.env.WAL_TEST_LOGS ?? (process.env.WAL_TEST_SEED === undefined ? 400 : 1))
const STEPS = 40
/** Seeds of logs whose end the library once got wrong: they were truncated so far that the oldest record kept is void. */
const ONCE_WRONG = [1_837_661_986]

/** The test takes some ten milliseconds for each log. */
const TIMEOUT_MS = 60_000 + 40 * LOGS

test(`a look at the end of a log finds what reading all of it finds: ${LOGS} logs from WAL_TEST_SEED=${SEED}`, {
  timeout: TIMEOUT_MS,
}, async () => {
  withHeldUnits()
  const happened = {
    looks: 0,
    takeovers: 0,
    'second openings': 0,
    void: 0,
    duplicates: 0,
    truncations: 0,
    'truncations that keep what is needed': 0,
    'units open at a look': 0,
  }
  for (const seed of [...ONCE_WRONG, ...Array.from({ length: LOGS }, (_, i) => SEED + i)])
    try {
      await randomLog({ chance: new Chance(seed), holding: new Chance(seed + 1) }, happened)
    } catch (error) {
      console.error(`only this log: WAL_TEST_SEED=${seed}`)
      throw error
    }
  console.log(`${LOGS} logs:`, happened)
  if (LOGS >= 100) for (const [event, count] of Object.entries(happened)) assert.ok(count > 0, `no ${event}`)
})

test('a look does not begin at another record that has the id of a time tick which the log lost', async () => {
  const log = new ModelLog()
  const writerOf = async (incarnation: string, timeTick: bigint) => {
    const {
      logIdentity = 'identity',
      recoveryPoint,
      lastTick = '',
    } = log.records.length === 0 ? {} : await readLogEnd(viewOf(log))
    const writer = new ModelWriter({
      ...{
        writer: { term: 1, incarnation },
        timeTick,
        lastTick,
        logIdentity,
        truncation: undefined,
        recoveryPoint,
      },
    })
    const id = log.store(writer.opening())
    writer.opened(log.records[modelIds.numberOf(id as never)] as StoredMessage, undefined)
    return writer
  }
  const append = (writer: ModelWriter, record: WireMessage) => {
    log.store(record)
    writer.acked([record], log.records.length - 1)
  }
  const older = await writerOf('older', 100n)
  append(older, older.message())
  append(older, older.message())
  append(older, older.tick())
  // The log loses that time tick, record 3, and the message before it. A newer writer of the same term opens it.
  log.records.length = 2
  await writerOf('newer', 200n)
  // The older writer does not know, and its fence is lost as well: its records have the ids 3 and 4, and name the tick 3.
  older.skip(200n)
  log.store(older.message())
  const late = older.tick()
  log.store(late)
  log.store(older.message())
  const { writer } = await readLogEnd(viewOf(log))
  assert.equal(writer?.incarnation, 'newer')
})

type Happened = Record<
  | 'looks'
  | 'takeovers'
  | 'second openings'
  | 'void'
  | 'duplicates'
  | 'truncations'
  | 'truncations that keep what is needed'
  | 'units open at a look',
  number
>

/** `holding`: for what a writer's state holds, in every second log. */
async function randomLog(
  { chance, holding }: { readonly chance: Chance; readonly holding: Chance },
  happened: Happened,
): Promise<void> {
  const holds = holding.is(0.5)
  let units = 0
  const log = new ModelLog()
  const writers: ModelWriter[] = []
  /**
   * Batches of replaced writers, sent before or after the takeover: a backend that forgot its fence stores them behind the
   * newer writer's opening record. None is acknowledged, since its writer first finds that opening record. So no record of
   * these batches names a time tick of another one of them, and the time tick that the log's last record names is never void.
   */
  const late: WireMessage[][][] = []
  const current = () => writers.at(-1) as ModelWriter

  const store = (batch: readonly WireMessage[]): number => {
    const first = log.records.length
    for (const record of batch) log.store(record)
    return first
  }
  const batchOf = (writer: ModelWriter) =>
    Array.from({ length: 1 + chance.below(3) }, () =>
      chance.is(0.3) ? writer.tick() : writer.message(holds ? held(writer) : []),
    )
  const held = ({ held: { open } }: ModelWriter): string[] => {
    const roll = holding.below(10)
    if (roll === 0) return [KEY, `k${++units}`]
    if (roll < 3) return [BEGINS, `u${++units}`]
    return roll < 6 && open.size > 0 ? [ENDS, holding.of([...open.keys()])] : []
  }

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

  const takeOver = async () => {
    const before = judgeWhole(log.records)
    const end = await readLogEnd(viewOf(log))
    const old = writers.at(-1)
    const highest = before.writer?.term ?? -1
    const term = highest < 0 || chance.is(0.6) ? highest + 1 : highest
    const writer = new ModelWriter({
      writer: { term, incarnation: `w${writers.length}` },
      timeTick: before.timeTick,
      lastTick: before.lastTick,
      logIdentity: before.logIdentity ?? `identity ${writers.length}`,
      truncation:
        before.truncation === undefined
          ? undefined
          : parseLogPoint(before.truncation, 'truncation point', 'a model'),
      recoveryPoint: end.recoveryPoint,
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
    const opening = log.records.at(-1) as StoredMessage
    const { states } = await lookBack(viewOf(log), end, { id: opening.id, writer: writer.writer })
    writer.opened(opening, heldIn(states))
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
    const kept = current().recovery.keptFrom(record.id)
    if (modelIds.compare(kept as never, record.id as never) < 0)
      happened['truncations that keep what is needed']++
    log.truncate(modelIds.numberOf(kept as never) - chance.below(6))
    happened.truncations++
  }

  await takeOver()
  for (let step = 0; step < STEPS; step++) {
    const roll = chance.below(100)
    if (roll < 60) append(current())
    else if (roll < 75) await takeOver()
    else if (roll < 85) truncate()
    else {
      const [batch] = late.length === 0 ? [] : chance.of(late).splice(0, 1)
      if (batch !== undefined) happened.void += store(batch) > 0 ? batch.length : 0
    }
    if (chance.is(0.3)) {
      happened.looks++
      await compare(log)
      if (holds) happened['units open at a look'] += current().held.open.size
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
  const end = await readLogEnd(viewOf(log))
  assert.deepEqual(
    {
      writer: end.writer,
      timeTick: end.timeTick,
      logIdentity: end.logIdentity,
      truncation: end.truncation && formatLogPoint(end.truncation),
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
  checkNamedPoints(whole.counted)
  await checkRecovery(log, end, whole.counted)
}

const viewOf = (log: ModelLog): LogView => ({
  log: log.reader(),
  ids: modelIds,
  where: 'a model',
  signal: undefined,
  runtime: systemRuntime,
  logger: silentLogger,
})

const heldIn = (states: LookedBack['states']) =>
  states.find((state): state is HeldUnits => state instanceof HeldUnits) ?? assert.fail('no held units')

/** Equal of two records that are the same one, stored at one place or at two. */
const nameOf = ({ writer, timeTick }: RecoveryPoint) => `${timeTick} of ${writer.incarnation}`

/** Every time tick that counts names a record that counts and lies before the time tick, but the log's first. */
function checkNamedPoints(counted: readonly StoredMessage[]): void {
  const before = new Set<string>()
  for (const record of counted) {
    const at = pointOf(record, modelIds.serialise(record.id as never))
    if (readEnvelope(record.properties, () => 'a record').type === MESSAGE_TYPE.TimeTick) {
      const text = propertyOf(record.properties, RESERVED.recoveryPoint) ?? assert.fail('no recovery point')
      assert.equal(text === '', before.size === 0, 'only the log’s first record names itself')
      const point = text === '' ? at : parseLogPoint(text, 'recovery point', 'a model')
      assert.ok(text === '' || before.has(nameOf(point)), `${text} does not count`)
      assert.ok(modelIds.compare(modelIds.parse(point.id), record.id as never) <= 0)
    }
    before.add(nameOf(at))
  }
}

/** From the point that a look finds, the stages rebuild what reading all of the log builds, truncated records too. */
async function checkRecovery(log: ModelLog, end: LogEnd, counted: readonly StoredMessage[]): Promise<void> {
  const whole = new HeldUnits()
  for (const record of counted) whole.see(record, pointOf(record, modelIds.serialise(record.id as never)))
  const { recoveryPoint, lastId } = end
  assert.ok(recoveryPoint !== undefined && lastId !== undefined)
  const begins = modelIds.numberOf(modelIds.parse(recoveryPoint.id))
  assert.ok(begins >= log.oldest, `record ${begins} is truncated, ${log.oldest} is the oldest kept`)
  const at = log.records[begins] as StoredMessage
  assert.equal(nameOf(pointOf(at, '')), nameOf(recoveryPoint), 'another record lies there')
  const { neededFrom } = whole
  assert.ok(neededFrom === undefined || recoveryPoint.timeTick <= neededFrom.timeTick)
  const probe = { term: 1_000_000, incarnation: 'probe' }
  const { states } = await lookBack(viewOf(log), end, { id: lastId, writer: probe })
  assert.equal(heldIn(states).shown, whole.shown)
}
