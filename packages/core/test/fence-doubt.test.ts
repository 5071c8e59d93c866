import assert from 'node:assert/strict'
import { loseMemoryRecords, memoryBuilder, simulatedRuntime } from '@wal/core/testing'
import { AppendError, type OpenerBuilderImpls } from '@wal/walimpls'
import { test } from 'vitest'
import { openWal, type WAL } from '../src/index.js'
import { cleanLogs, faulty, message, open, openReader, pause, SMALL, texts, within } from './harness.js'
import { overMemory } from './over-memory.js'
import { rawLog } from './raw-log.js'
import { storedLog, storedRecords } from './stored-log.js'

cleanLogs()

const { messageIds } = memoryBuilder()

/** The memory backend with a store that accepts batches of every writer, though its traits may say that it fences. */
function unfenced(traits?: OpenerBuilderImpls['traits']): OpenerBuilderImpls {
  let sequence = 1e12
  const builder = overMemory((log) => ({
    append: async (batch) => {
      if (batch.sequence === 0) return log.append(batch)
      await pause(1)
      const raw = storedLog()
      const first = raw.store({ ...batch, sequence: sequence++ }, raw.writer, false)
      return batch.messages.map((_, i) => messageIds.parse((first + i).toString(36)))
    },
  }))
  return traits === undefined ? builder : { ...builder, traits }
}

/** Four loops append until the writer ends. Returns the messages that were acknowledged. */
function load(wal: WAL) {
  const acked: string[] = []
  const codes = new Set<string>()
  const callers = [1, 2, 3, 4].map(async (caller) => {
    for (let i = 0; ; i++) {
      const text = `${caller}.${i}`
      try {
        await wal.append(message(text))
        acked.push(text)
      } catch (error) {
        codes.add((error as AppendError).code)
        return
      }
    }
  })
  return { acked, codes, ended: Promise.all(callers) }
}

const none = { ...memoryBuilder().traits, fencing: 'none' } as const

for (const [what, traits] of [
  ['no fence', none],
  ['a fence that lets it through', undefined],
] as const)
  test(`a busy writer behind ${what} acknowledges nothing behind a newer writer’s opening record, and is fenced`, async () => {
    const older = await open({ builder: unfenced(traits), timeTickMs: 20 })
    const loads = load(older)
    await pause(50)
    const newer = await open({ builder: unfenced(traits), timeTickMs: 20 })
    await newer.append(message('new'))
    await within(loads.ended)
    assert.deepEqual([...loads.codes], ['WAL_FENCED'])
    assert.equal(older.signal.reason.code, 'WAL_FENCED')
    const delivered = await texts((await openReader()).read({ until: 'end' }))
    const old = delivered.filter((text) => text !== 'new')
    assert.ok(loads.acked.length > 10, `${loads.acked.length} appends`)
    assert.deepEqual(
      loads.acked.filter((text) => !old.includes(text)),
      [],
      'acknowledged, and delivered to nobody',
    )
    assert.equal(newer.signal.aborted, false)
  })

test('H108: where no fence reaches, an append is acknowledged only when it was read back, and the guarantees say so', async () => {
  const reads: (() => void)[] = []
  let holding = false
  const builder = { ...unfenced(none) }
  const held = {
    ...builder,
    build: async (...given: Parameters<typeof builder.build>) => {
      const opener = await builder.build(...given)
      return {
        ...opener,
        open: async (...args: Parameters<typeof opener.open>) => {
          const log = await opener.open(...args)
          return new Proxy(log, {
            get(target, name) {
              if (name !== 'read') return Reflect.get(target, name)
              return (options: Parameters<typeof log.read>[0]) => {
                const scanner = target.read(options)
                const next = scanner.next.bind(scanner)
                scanner.next = async () => {
                  if (holding) await new Promise<void>((resolve) => reads.push(resolve))
                  return next()
                }
                return scanner
              }
            },
          })
        },
      }
    },
  }
  const wal = await open({ builder: held, timeTickMs: 60_000 })
  assert.match(wal.guarantees.fencing, /read back/)
  await wal.append(message('a'))
  holding = true
  let acked = false
  const append = wal.append(message('b')).then(() => {
    acked = true
  })
  await pause(20)
  assert.equal(storedRecords().length, 3)
  assert.equal(acked, false)
  holding = false
  for (const go of reads) go()
  await within(append)
  const fenced = await open({ channel: 'other' })
  assert.doesNotMatch(fenced.guarantees.fencing, /read back/)
})

test('H201: where no fence reaches, a writer whose successor truncated past its last record is fenced', async () => {
  const older = await open({ builder: unfenced(none), timeTickMs: 60_000 })
  for (const each of ['1', '2']) await older.append(message(each))
  const newer = await open({ builder: unfenced(none), timeTickMs: 60_000 })
  await newer.append(message('3'))
  const { position } = await newer.append(message('4'))
  await newer.append(message('5'))
  await newer.truncate(position)
  await assert.rejects(within(older.append(message('late'))), { code: 'WAL_FENCED', outcome: 'unknown' })
  assert.equal(older.signal.reason.code, 'WAL_FENCED')
  assert.deepEqual(await texts((await openReader()).read({ until: 'end' })), ['5'])
})

test('where no fence reaches, a writer whose last record others removed goes on while there is no newer writer', async () => {
  const wal = await open({ term: 3, builder: unfenced(none), timeTickMs: 60_000 })
  const raw = await rawLog()
  const opening = (await raw.all()).map(({ id }) => messageIds.serialise(id as never))[0] as string
  await raw.append(raw.record({ term: 2, incarnation: 'ghost', timeTick: 7n, payload: 'void' }))
  loseMemoryRecords({ channel: 'log', from: opening, to: opening })
  for (const each of ['1', '2']) await within(wal.append(message(each)))
  assert.equal(wal.signal.aborted, false)
})

test('H109: a late record of a void writer, also of the same term, ends no writer', async () => {
  const backend = faulty()
  const older = await open({ term: 3, timeTickMs: 60_000 })
  await older.append(message('1'))
  const raw = await rawLog()
  const ghost = await raw.writerOf('1')
  const wal = await open({ term: 3, builder: backend.builder, timeTickMs: 60_000, fenceCheckMs: 10 })
  await wal.append(message('2'))
  const late = (ahead: number) => (BigInt(Date.now() + ahead) << 18n) + BigInt(raw.count++)
  for (let round = 0; round < 3; round++) {
    // These records are stored late. The older writer's: an opening record, a time tick, and a message that names this time
    // tick. And one record of a still older term.
    await raw.append(raw.record({ ...ghost, type: 1, opening: true, timeTick: 5n }))
    await raw.append(raw.record({ ...ghost, term: 2, type: 1, opening: true, timeTick: late(1000) }))
    await raw.append(raw.record({ ...ghost, type: 1, timeTick: late(1000) }))
    const previousTick = storedRecords().length.toString(36)
    await raw.append(raw.record({ ...ghost, payload: 'void', timeTick: late(1000), previousTick }))
    // The idle writer reads the log's end. Then its fence is taken, and the writer takes it back.
    await pause(30)
    assert.equal(wal.signal.aborted, false)
    backend.plan = { script: { append: { 1: 'fence' } } }
    await within(wal.append(message(`round ${round}`)))
  }
  const delivered = await texts((await openReader()).read({ until: 'end' }))
  assert.deepEqual(delivered, ['1', '2', 'round 0', 'round 1', 'round 2'])
})

test('H110: a late time tick and a late message of an older writer at the log’s end do not hide the newer writer', async () => {
  const older = await open({ builder: unfenced(), timeTickMs: 60_000 })
  await older.append(message('1'))
  const newer = await open({ term: 7, timeTickMs: 60_000 })
  await newer.append(message('2'))
  // The older writer's time tick is stored but not acknowledged, so its later records do not name that tick.
  await assert.rejects(within(older.barrier()), { code: 'WAL_FENCED', outcome: 'unknown' })
  await assert.rejects(older.append(message('x')), { code: 'WAL_FENCED' })
  const next = await open({ timeTickMs: 60_000 })
  assert.equal(next.channel.term, 8)
  const latest = (await openReader()).read({ deliver: 'latest' })
  await latest.ready()
  await next.append(message('3'))
  assert.deepEqual(await within(texts(latest, 1)), ['3'])
})

test('a writer that took its fence back from a newer writer is fenced, also when ids do not show the newer records', async () => {
  const backend = faulty()
  const { follows: _, ...ids } = backend.builder.messageIds
  const builder = { ...backend.builder, messageIds: ids }
  const older = await open({ term: 3, builder, timeTickMs: 60_000 })
  await older.append(message('1'))
  let newer: Promise<WAL> | undefined
  // The newer writer opens at the same term, between the older one's second look at the log and its open.
  const script = {
    append: { 1: 'fence' },
    open: () => {
      newer = open({ term: 3, timeTickMs: 60_000 })
      return { until: newer }
    },
  }
  backend.plan = { script: script as object }
  await assert.rejects(within(older.append(message('late'))), { code: 'WAL_FENCED', outcome: 'unknown' })
  await (await newer)?.append(message('2'))
  assert.deepEqual(await texts((await openReader()).read({ until: 'end' })), ['1', '2'])
})

test('a batch whose ids do not follow the last one directly is acknowledged only after the log was read', async () => {
  let looks = 0
  const builder = overMemory((log) => ({
    read(options) {
      looks++
      return log.read(options)
    },
  }))
  const wal = await open({ builder, timeTickMs: 60_000 })
  await wal.append(message('1'))
  const raw = await rawLog()
  const ghost = { term: 0, incarnation: 'ghost' }
  looks = 0
  await wal.append(message('2'))
  assert.equal(looks, 0)
  await raw.append(raw.record({ ...ghost, timeTick: 7n, payload: 'void' }))
  await wal.append(message('3'))
  assert.equal(looks, 1)
  assert.deepEqual(await texts((await openReader()).read({ until: 'end' })), ['1', '2', '3'])
})

/** A backend in virtual time that forgets a writer which stores nothing for a minute. */
async function forgetful() {
  const runtime = simulatedRuntime({ seed: 7 })
  const url = 'memory:?maxIdleMs=60000'
  const options = { ...SMALL, channel: 'log', fenceCheckMs: 0, timeTickMs: 200 }
  const openAs = (who: typeof runtime, more: object = {}) =>
    who.run(openWal(url, { ...options, runtime: who, ...more }) as Promise<WAL>)
  return { runtime, openAs }
}

test('H111: an idle writer stores a time tick before a third of limits.maxIdleMs has passed, and keeps its fence', async () => {
  const { runtime, openAs } = await forgetful()
  const wal = await openAs(runtime)
  await runtime.run(wal.append(message('1')))
  const before = storedRecords().length
  await runtime.advance(10 * 60_000)
  // One time tick in 20 s: a third of the minute after which the backend forgets a writer.
  const ticks = storedRecords().length - before
  assert.ok(ticks >= 30 && ticks <= 33, `${ticks} time ticks in ten minutes`)
  assert.ok(storedLog().writer)
  await runtime.run(wal.close())
})

test('H202: a writer stores a time tick before a third of limits.maxIdleMs has passed since an append, however long timeTickMs is', async () => {
  const { runtime, openAs } = await forgetful()
  const wal = await openAs(runtime, { timeTickMs: 60_000 })
  for (let round = 0; round < 3; round++) {
    await runtime.advance(15_000)
    await runtime.run(wal.append(message('x')))
    const before = storedRecords().length
    await runtime.advance(20_100)
    assert.equal(storedRecords().length, before + 1, `round ${round}`)
  }
  await runtime.run(wal.close())
})

test('a writer that was stopped for limits.maxIdleMs reads the log before it trusts an answer', async () => {
  const { runtime, openAs } = await forgetful()
  const wal = await openAs(runtime)
  await runtime.run(wal.append(message('1')))
  const newer = runtime.another()
  const next = await openAs(newer)
  await newer.run(next.append(message('2')))
  // Both writers are stopped for so long that the store forgets its writer. The older one wakes first.
  await newer.run(next.close())
  runtime.leap(200_000)
  const late = wal.append(message('late')).then(
    () => 'acknowledged',
    (error: AppendError) => `${error.code} ${error.outcome}`,
  )
  assert.equal(await runtime.run(late), 'WAL_FENCED unknown')
  await runtime.run(wal.close())
  const reader = await openReader()
  assert.deepEqual(await texts(reader.read({ until: 'end' })), ['1', '2'])
})

for (const clock of ['wall', 'monotonic'] as const)
  test(`an answer that is late by the ${clock} clock alone is confirmed by reading the log`, async () => {
    let wall = 0
    let monotonic = 0
    let looks = 0
    const inner = overMemory((log) => ({
      limits: { ...log.limits, maxIdleMs: 60_000 },
      read(options) {
        looks++
        return log.read(options)
      },
    }))
    const { systemRuntime } = await import('@wal/walimpls')
    const runtime = {
      ...systemRuntime,
      now: () => systemRuntime.now() + wall,
      monotonic: () => systemRuntime.monotonic() + monotonic,
    }
    const wal = await open({ builder: inner, runtime, timeTickMs: 60_000 })
    await wal.append(message('1'))
    looks = 0
    await wal.append(message('2'))
    assert.equal(looks, 0)
    if (clock === 'wall') wall = 31_000
    else monotonic = 31_000
    await wal.append(message('3'))
    assert.equal(looks, 1)
    await wal.append(message('4'))
    assert.equal(looks, 1)
  })

test('the first answer after a failure is confirmed by reading the log only when the backend may have forgotten its writer', async () => {
  for (const maxIdleMs of [60_000, undefined]) {
    let looks = 0
    let fail = false
    const builder = overMemory((log) => ({
      limits: maxIdleMs === undefined ? log.limits : { ...log.limits, maxIdleMs },
      append: async (batch) => {
        if (!fail) return log.append(batch)
        fail = false
        throw new AppendError('WAL_UNAVAILABLE', 'the broker restarts', { outcome: 'not-written' })
      },
      read(options) {
        looks++
        return log.read(options)
      },
    }))
    const wal = await open({ builder, timeTickMs: 60_000 })
    await wal.append(message('1'))
    looks = 0
    fail = true
    await wal.append(message('2'))
    assert.equal(looks, maxIdleMs === undefined ? 0 : 1)
    await wal.close()
  }
})
