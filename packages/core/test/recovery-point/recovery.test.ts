import assert from 'node:assert/strict'
import { memoryBuilder } from '@wal/core/testing'
import {
  AppendError,
  encodeUint64,
  parseUint64,
  propertyOf,
  RESERVED,
  type StartPosition,
  type StoredMessage,
  type WALImpls,
} from '@wal/walimpls'
import { decodeProperties, encodeProperties } from '@wal/walimpls/helper'
import { onTestFinished, test } from 'vitest'
import type { AppendResult, WAL } from '../../src/index.js'
import { isTimeTick } from '../../src/log/log-record.js'
import type { RecoveryPoint, WriterState } from '../../src/log/recovery-point.js'
import type { ReadStage, Unit } from '../../src/read/stage/read-stage.js'
import { READ_STAGES } from '../../src/read/stages.js'
import { cleanLogs, faulty, message, open, openReader, pause, textOf, texts, within } from '../harness.js'
import { overMemory } from '../over-memory.js'
import { rawLog } from '../raw-log.js'
import { storedLog, storedRecords } from '../stored-log.js'

cleanLogs()

const ids = memoryBuilder().messageIds
const QUIET = { timeTickMs: 60_000 } as const

/** A stage that knows the texts of all messages that it was shown, and needs what the test says. */
class Knowing implements ReadStage, WriterState {
  neededFrom: RecoveryPoint | undefined
  readonly seen: string[] = []
  gaps = 0

  pass(units: readonly Unit[]): readonly Unit[] {
    for (const unit of units)
      this.seen.push(unit.opening ? 'opening' : isTimeTick(unit) ? 'tick' : textOf(unit))
    return units
  }

  passGap(): void {
    this.gaps++
  }

  recovered(): WriterState {
    return this
  }
}

/** Until the test ends the read stages have one that knows. Answers those that were made, the last one last. */
function withKnowing(): Knowing[] {
  const made: Knowing[] = []
  const assembling = READ_STAGES.assembling as (() => ReadStage)[]
  assembling.push(() => {
    const stage = new Knowing()
    made.push(stage)
    return stage
  })
  onTestFinished(() => {
    assembling.pop()
  })
  return made
}

const lastOf = (made: readonly Knowing[]): Knowing => made.at(-1) ?? assert.fail('no stage was made')

/** Serialised id of the oldest record that is kept. */
const oldest = () => storedLog().oldest.toString(36)

/** What the last time tick in the log names as its recovery point. */
async function named(channel = 'log'): Promise<string> {
  const ticks = (await (await rawLog(channel)).all()).filter(
    ({ properties }) => propertyOf(properties, RESERVED.type) === '1',
  )
  return propertyOf((ticks.at(-1) as StoredMessage).properties, RESERVED.recoveryPoint) ?? 'none'
}

/** The place of an appended message. */
async function pointOf({ messageId, timeTick }: AppendResult): Promise<RecoveryPoint> {
  const raw = await rawLog()
  const record = (await raw.all()).find(({ id }) => ids.serialise(id as never) === messageId)
  const incarnation = raw.property(record as StoredMessage, '_wi')
  const term = Number.parseInt(raw.property(record as StoredMessage, '_wt'), 36)
  return { id: messageId, writer: { term, incarnation }, timeTick }
}

const appendAll = async (wal: WAL, all: readonly string[]): Promise<AppendResult[]> => {
  const results: AppendResult[] = []
  for (const each of all) results.push(await wal.append(message(each)))
  return results
}

test('a time tick names the last acknowledged record, and an opening record the point that its writer recovered from', async () => {
  const wal = await open(QUIET)
  assert.equal(await named(), '', 'the log’s first record names itself')
  const [, b] = await appendAll(wal, ['a', 'b'])
  const { id, writer, timeTick } = await pointOf(b as AppendResult)
  await wal.barrier()
  const text = `${id} ${writer.term} ${writer.incarnation} ${encodeUint64(timeTick)}`
  assert.equal(await named(), text)
  await appendAll(wal, ['c'])
  await wal.close()
  await open(QUIET)
  assert.equal(await named(), text)
})

test('a time tick does not name a record that is stored and not yet acknowledged', async () => {
  let answer = () => {}
  const answered = new Promise<void>((resolve) => {
    answer = resolve
  })
  const builder = overMemory((log) => ({
    append: async (batch) => {
      const stored = await log.append(batch)
      // The answer for the first message comes late, so those for what was stored behind it prove nothing yet.
      if (batch.sequence === 1) await answered
      return stored
    },
  }))
  const wal = await open({ ...QUIET, builder, budgetBytes: 16 << 20 })
  const opening = oldest()
  const large = { payload: new Uint8Array(300 << 10) }
  const appends = [wal.append(message('a'))]
  const stored = async (count: number) => {
    while (storedRecords().length < count) await pause(1)
    await pause(5)
  }
  await stored(2)
  appends.push(wal.append(large))
  await stored(3)
  const barrier = wal.barrier()
  appends.push(wal.append(large))
  await stored(5)
  assert.equal((await named()).split(' ')[0], opening)
  answer()
  await within(Promise.all([...appends, barrier]))
})

test('a time tick names the first record that a writer’s state needs', async () => {
  const made = withKnowing()
  const wal = await open(QUIET)
  const state = lastOf(made)
  const [, b] = await appendAll(wal, ['a', 'b', 'c'])
  state.neededFrom = await pointOf(b as AppendResult)
  await wal.barrier()
  assert.equal((await named()).split(' ')[0], state.neededFrom.id)
  state.neededFrom = undefined
  await wal.barrier()
  assert.notEqual((await named()).split(' ')[0], (b as AppendResult).messageId)
})

test('a successor’s stages are given every record from the recovery point to its own opening record', async () => {
  const made = withKnowing()
  const wal = await open(QUIET)
  const [, b] = await appendAll(wal, ['a', 'b', 'c'])
  lastOf(made).neededFrom = await pointOf(b as AppendResult)
  await wal.barrier()
  await appendAll(wal, ['d'])
  // A late record of a writer that was never current is void, and no stage gets it.
  const raw = await rawLog()
  const timeTick = BigInt(2) ** BigInt(60)
  await raw.append(raw.record({ payload: 'void', incarnation: 'other', timeTick }))
  const next = await open(QUIET)
  assert.deepEqual(lastOf(made).seen, ['b', 'c', 'tick', 'd', 'opening'])
  // The third writer begins at the same record: the second one stored no time tick but its opening record.
  await appendAll(next, ['e'])
  await open(QUIET)
  assert.deepEqual(lastOf(made).seen, ['b', 'c', 'tick', 'd', 'opening', 'e', 'opening'])
})

test('a truncation keeps the records that a writer’s state needs, and readers begin behind its position', async () => {
  const made = withKnowing()
  const wal = await open(QUIET)
  const state = lastOf(made)
  const [, b, , d] = await appendAll(wal, ['a', 'b', 'c', 'd', 'e'])
  state.neededFrom = await pointOf(b as AppendResult)
  await wal.truncate((d as AppendResult).position)
  assert.equal(oldest(), state.neededFrom.id)
  for (const log of [wal, await openReader()])
    assert.deepEqual(await texts(log.read({ until: 'end' })), ['e'])
  const next = await open(QUIET)
  assert.deepEqual(lastOf(made).seen, ['b', 'c', 'd', 'e', 'tick', 'opening'])
  // Once the state needs none of them, the same truncation frees the rest.
  await next.truncate((d as AppendResult).position)
  assert.equal(oldest(), (d as AppendResult).messageId)
})

test('a storage without room is freed up to what the writer’s state needs by now', async () => {
  const made = withKnowing()
  let full = false
  const builder = overMemory((log: WALImpls) => ({
    append: async (batch) => {
      if (full) throw new AppendError('WAL_STORAGE_FULL', 'out of room', { outcome: 'not-written' })
      return log.append(batch)
    },
  }))
  const wal = await open({ ...QUIET, builder })
  const [, b, , d] = await appendAll(wal, ['a', 'b', 'c', 'd', 'e'])
  const state = lastOf(made)
  state.neededFrom = await pointOf(b as AppendResult)
  full = true
  const waiting = wal.append(message('f'))
  const truncated = wal.truncate((d as AppendResult).position)
  while (storedLog().oldest === 1) await pause(1)
  await pause(300)
  assert.equal(oldest(), state.neededFrom.id)
  full = false
  await within(Promise.all([waiting, truncated]), 10_000)
  // A crash before that time tick would have left a log whose time ticks name a record that is gone: `a` was not needed.
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['e', 'f'])
})

test('a recovery point whose record was freed is passed over', async () => {
  const made = withKnowing()
  const wal = await open(QUIET)
  await appendAll(wal, ['a', 'b'])
  await wal.barrier()
  await appendAll(wal, ['c'])
  await wal.close()
  const log = storedLog() as unknown as { records: unknown[]; oldest: number }
  // As when storage had no room: everything before the time tick was freed, and no later one was stored.
  log.records.splice(0, 3)
  log.oldest += 3
  await open(QUIET)
  assert.deepEqual(lastOf(made).seen, ['tick', 'c', 'opening'])
  assert.equal(lastOf(made).gaps, 1)
})

test('in a log that has another record at the recovery point, all that is kept is read', async () => {
  const made = withKnowing()
  const wal = await open(QUIET)
  await appendAll(wal, ['a', 'b'])
  // The time tick is above the next one of `b`.
  await pause(5)
  await wal.barrier()
  await wal.close()
  // Record `b`, which the time tick names, has another time tick now.
  changeProperties({ index: 2 }, (properties) => {
    const at = properties.indexOf(RESERVED.timeTick) + 1
    properties[at] = encodeUint64((parseUint64(properties[at] as string) as bigint) + 1n)
  })
  await open(QUIET)
  assert.deepEqual(lastOf(made).seen, ['opening', 'a', 'b', 'tick', 'opening'])
})

/** Changes the properties of a record where it is stored. */
function changeProperties(
  { index, channel = 'log' }: { readonly index: number; readonly channel?: string },
  change: (properties: string[]) => void,
): void {
  const records = storedRecords(channel) as { properties: Uint8Array }[]
  const record = records[index] ?? assert.fail('no such record')
  const properties = decodeProperties(record.properties)
  change(properties)
  records[index] = { ...record, properties: Uint8Array.from(encodeProperties(properties)) }
}

test('a time tick with an empty recovery point, or none, stands for itself', async () => {
  const made = withKnowing()
  for (const [channel, property] of Object.entries({ empty: [RESERVED.recoveryPoint, ''], none: [] })) {
    const wal = await open({ ...QUIET, channel })
    await appendAll(wal, ['a'])
    await wal.barrier()
    await appendAll(wal, ['b'])
    await wal.close()
    changeProperties({ index: 2, channel }, (properties) => {
      properties.splice(properties.indexOf(RESERVED.recoveryPoint), 2, ...property)
    })
    await open({ ...QUIET, channel })
    assert.deepEqual(lastOf(made).seen, ['tick', 'b', 'opening'])
  }
})

/** Opens at term 2. `meanwhile` happens between the look at the log's end and the opening of the backend's log. */
async function openAround(meanwhile: () => Promise<void>): Promise<WAL> {
  const backend = faulty()
  let reached = () => {}
  const isOpening = new Promise<void>((resolve) => {
    reached = resolve
  })
  const open2 = ({ number }: { readonly number: number }) => {
    if (number > 1) return undefined
    reached()
    return backend.hang()
  }
  backend.plan = { script: { open: open2 } }
  const opening = open({ ...QUIET, term: 2, builder: backend.builder })
  await isOpening
  await meanwhile()
  backend.letGo()
  return opening
}

test('a writer that truncates while its successor opens moves the recovery point of the successor’s opening record', async () => {
  const old = await open({ ...QUIET, term: 1 })
  await appendAll(old, ['a'])
  let point = ''
  await openAround(async () => {
    const [b] = await appendAll(old, ['b', 'c'])
    await old.truncate((b as AppendResult).position)
    point = await named()
  })
  assert.equal(await named(), point)
})

test('an opener that finds another one’s log where there was none recovers from the beginning of that log', async () => {
  const made = withKnowing()
  const records = async () => (await (await rawLog()).all()).length
  const second = await openAround(async () => {
    await appendAll(await open({ ...QUIET, term: 1 }), ['a', 'b'])
    // The first opening record of term 2 counts: its time tick is above that of `b`.
    await pause(5)
  })
  // Records 1 to 5: the opening record of term 1, a, b, and two opening records of term 2.
  assert.equal(await records(), 5)
  assert.equal((await named()).split(' ')[0], '1')
  await second.close()
  // As when that writer had died behind its first opening record.
  storedRecords().pop()
  await open({ ...QUIET, term: 3 })
  assert.deepEqual(lastOf(made).seen, ['opening', 'a', 'b', 'opening', 'opening'])
})

/** What opening a log for writing asks its backend. */
async function callsOfOpen(): Promise<{ calls: string[]; wal: WAL }> {
  const calls: string[] = []
  const watched = (log: Pick<WALImpls, 'last' | 'read'>): Pick<WALImpls, 'last' | 'read'> => ({
    last: (waits) => {
      calls.push('last')
      return log.last(waits)
    },
    read: (options) => {
      calls.push(`read from ${shown(options.start)}`)
      const scanner = log.read(options)
      const next = scanner.next.bind(scanner)
      scanner.next = () => {
        calls.push('next')
        return next()
      }
      return scanner
    },
  })
  const wal = await open({ ...QUIET, builder: overMemory(watched, watched) })
  return { calls, wal }
}
const shown = (start: StartPosition) =>
  typeof start === 'object' ? ids.serialise(start.from as never) : start

test('opening a closed log asks its backend for no more than one look, and one reading from the recovery point', async () => {
  const wal = await open(QUIET)
  await appendAll(wal, ['a', 'b'])
  await wal.barrier()
  await appendAll(wal, ['c'])
  await wal.close()
  // Records 1 to 5: opening record, a, b, time tick, c. No stage has anything to rebuild.
  const first = await callsOfOpen()
  assert.deepEqual(first.calls, ['last', 'read from 4', 'next', 'read from 5', 'next'])
  await first.wal.close()
  withKnowing()
  const second = await callsOfOpen()
  assert.deepEqual(second.calls, ['last', 'read from 4', 'next', 'read from 3', 'next'])
})
