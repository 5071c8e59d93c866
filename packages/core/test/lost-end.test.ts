import assert from 'node:assert/strict'
import { AppendError, type OpenerBuilderImpls, type ScannerImpls } from '@wal/walimpls'
import { test } from 'vitest'
import { type LogRolledBackError, type Message, type Runtime, systemRuntime, type WAL } from '../src/index.js'
import { cleanLogs, collect, message, open, openReader, pause, texts, within } from './harness.js'
import { overMemory } from './over-memory.js'
import { backUp, loseAllBut, storedLog, storedRecords } from './stored-log.js'

cleanLogs()

/** A runtime with short pauses between retries and unchanged time limits. */
const quick: Runtime = {
  ...systemRuntime,
  setTimeout: (run, ms, options) => systemRuntime.setTimeout(run, ms < 5_000 ? Math.min(ms, 2) : ms, options),
}
const lostEnd = { code: 'WAL_LOG_ROLLED_BACK' }

async function aborted({ signal }: WAL): Promise<LogRolledBackError> {
  if (!signal.aborted)
    await within(new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })))
  return signal.reason
}

/** The messages that `read({ after })` or `read({ from })` gives at this position, up to the log's end. */
const readAt = async (at: string | undefined, where: 'from' | 'after') =>
  texts((await openReader()).read({ [where]: at as string, until: 'end' }))

test('H102: an idle writer whose log lost its end is told, though no other writer stores anything', async () => {
  const wal = await open({ fenceCheckMs: 10, timeTickMs: 60_000 })
  for (const each of ['a', 'b', 'c']) await wal.append(message(each))
  const results = await collect(wal.read({ until: 'end' }))
  loseAllBut(2)
  const reason = await aborted(wal)
  assert.equal(reason.code, 'WAL_LOG_ROLLED_BACK')
  assert.equal(reason.known, results[2]?.position)
  await assert.rejects(wal.append(message('d')), { ...lostEnd, outcome: 'not-written', retryable: false })
  const next = await open()
  await next.append(message('d'))
  for (const where of ['from', 'after'] as const)
    assert.deepEqual(await readAt(reason.resumeAt, where), ['d'])
})

test('H103: a writer whose fence was lost with the log’s end goes on only when its own last record is still there', async () => {
  let fence = false
  const builder = overMemory((log) => ({
    append: async (batch) => {
      if (!fence) return log.append(batch)
      fence = false
      throw new AppendError('WAL_FENCED', 'no such producer', { outcome: 'not-written' })
    },
  }))
  const wal = await open({ builder, timeTickMs: 60_000 })
  for (const each of ['a', 'b', 'c']) await wal.append(message(each))
  loseAllBut(3)
  fence = true
  await assert.rejects(within(wal.append(message('d'))), { ...lostEnd, outcome: 'not-written' })
  assert.deepEqual(await texts((await openReader()).read({ until: 'end' })), ['a', 'b'])
})

test('a writer that appends to a log that lost its end gets acknowledgements for records that are not void, and ends', async () => {
  const wal = await open({ timeTickMs: 60_000 })
  for (const each of ['a', 'b', 'c']) await wal.append(message(each))
  loseAllBut(2)
  await within(wal.append(message('d')))
  assert.equal((await aborted(wal)).code, 'WAL_LOG_ROLLED_BACK')
  await assert.rejects(wal.append(message('e')), { ...lostEnd, outcome: 'not-written' })
  assert.deepEqual(await texts((await openReader()).read({ until: 'end' })), ['a', 'd'])
})

test('an append to a log that lost its end is not acknowledged when it lies behind a newer writer’s opening record', async () => {
  // The store accepts the older writer's batches, as a broker that lost its fence together with the log's end.
  const wal = await open({ timeTickMs: 60_000, builder: withoutFence() })
  for (const each of ['a', 'b', 'c', 'd', 'e']) await wal.append(message(each))
  loseAllBut(2)
  const newer = await open({ timeTickMs: 60_000 })
  const late = wal.append(message('late'))
  await assert.rejects(within(late), { ...lostEnd, outcome: 'unknown' })
  await newer.append(message('x'))
  assert.deepEqual(await texts((await openReader()).read({ until: 'end' })), ['a', 'x'])
})

test('a writer whose backend noticed the lost end is told where reading goes on', async () => {
  let lost = false
  const builder = overMemory((log) => ({
    append: async (batch) => {
      if (lost) throw new AppendError('WAL_LOG_ROLLED_BACK', 'the end is gone', { outcome: 'not-written' })
      return log.append(batch)
    },
  }))
  const wal = await open({ builder, timeTickMs: 60_000 })
  const { position } = await wal.append(message('a'))
  const known = await wal.append(message('b'))
  loseAllBut(2)
  lost = true
  await assert.rejects(within(wal.append(message('c'))), { ...lostEnd, outcome: 'not-written' })
  const reason = await aborted(wal)
  assert.equal(reason.known, known.position)
  const next = await open()
  await next.append(message('d'))
  for (const where of ['from', 'after'] as const)
    assert.deepEqual(await readAt(reason.resumeAt, where), ['d'])
  assert.deepEqual(await readAt(position, 'after'), ['d'])
})

test('the search for the place where reading goes on tries again after failures that pass', async () => {
  const wal = await open({ timeTickMs: 60_000 })
  await wal.append(message('a'))
  const { position } = await wal.append(message('b'))
  loseAllBut(2)
  const next = await open({ timeTickMs: 60_000 })
  for (const each of ['x', 'y']) await next.append(message(each))
  let reads = 0
  let failed = false
  const inner = overMemory(() => ({}))
  const builder: OpenerBuilderImpls = {
    ...inner,
    build: async (...given) => {
      const opener = await inner.build(...given)
      const openReadOnly: typeof opener.openReadOnly = async (...more) => {
        const log = await opener.openReadOnly(...more)
        const read = log.read.bind(log)
        log.read = (options) => {
          const scanner = read(options)
          // The reader has found that the log lost its end. A scanner that then looks for a place to go on loses its
          // connection.
          if (++reads !== 5) return scanner
          failed = true
          const next = () => Promise.reject(new Error('connection reset'))
          return { ready: next, next, close: () => scanner.close() }
        }
        return log
      }
      return { open: (...more) => opener.open(...more), openReadOnly, close: () => opener.close() }
    },
  }
  const reader = await openReader({ builder, runtime: quick })
  const reading = collect(reader.read({ after: position, until: 'end' }))
  const error = await within(reading.catch((reason: LogRolledBackError) => reason))
  assert.equal((error as LogRolledBackError).code, 'WAL_LOG_ROLLED_BACK')
  assert.ok(failed)
  assert.deepEqual(await readAt((error as LogRolledBackError).resumeAt, 'after'), ['x', 'y'])
})

test('H104: a log whose last record names a time tick that is gone can be opened and read', async () => {
  const wal = await open({ timeTickMs: 60_000 })
  await wal.append(message('a'))
  await wal.barrier()
  await wal.append(message('b'))
  // Records 1 to 4: the opening record, a, the tick, b, which names the tick.
  storedRecords().splice(1, 2)
  assert.deepEqual(await texts((await openReader()).read({ until: 'end' })), ['b'])
  const next = await within(open())
  assert.equal(next.channel.term, 1)
  await next.append(message('c'))
  assert.deepEqual(await texts((await openReader()).read({ until: 'end' })), ['b', 'c'])
})

test('when the id of the last time tick names another record, the look reads the whole log', async () => {
  const wal = await open({ timeTickMs: 60_000 })
  await wal.append(message('a'))
  await wal.barrier()
  const { position } = await wal.append(message('b'))
  await wal.append(message('c'))
  const [, , identity] = position.split(':')
  // The log is: opening record, time tick, b, c. The records b and c name the tick by an id that is now that of b.
  storedRecords().splice(1, 1)
  const next = await open()
  const appended = await next.append(message('d'))
  assert.equal(appended.position.split(':')[2], identity)
})

test('H105: a reader whose connection was cut is told when another record took the place of its last one', async () => {
  const cut = new Cutter()
  const wal = await open({ timeTickMs: 60_000 })
  const reader = await openReader({ builder: cut.builder })
  const scanner = reader.read()
  const seen: Message[] = []
  for (const each of ['a', 'b', 'c']) {
    await wal.append(message(each))
    seen.push((await within(scanner.next())).value as Message)
  }
  // The reader has no scanner while the log loses its end and another writer's records get the ids of b and c.
  cut.hold()
  const next = scanner.next()
  next.catch(() => {})
  await pause(5)
  loseAllBut(2)
  const newer = await open({ timeTickMs: 60_000 })
  await newer.append(message('d'))
  await newer.barrier()
  for (const each of ['e', 'f']) await newer.append(message(each))
  cut.release()
  const error = (await within(next.catch((reason) => reason))) as LogRolledBackError
  assert.equal(error.code, 'WAL_LOG_ROLLED_BACK')
  assert.equal(error.known, seen.at(-1)?.position)
  // Reading goes on at the first record that got the id of a lost one, not behind the reader's last record.
  for (const where of ['from', 'after'] as const)
    assert.deepEqual(await readAt(error.resumeAt, where), ['d', 'e', 'f'])
})

test('H106: a reader that resumes behind a record that a restored log lost is told, also when nothing was stored since', async () => {
  const wal = await open({ timeTickMs: 60_000 })
  await wal.append(message('a'))
  const restore = backUp()
  const positions: string[] = []
  for (const each of ['b', 'c', 'd', 'e']) positions.push((await wal.append(message(each))).position)
  restore()
  const reader = await openReader({ runtime: quick })
  const assertTold = async (position: string, kept: string[]) => {
    for (const options of [
      { after: position },
      { after: position, until: 'end' },
      { from: position },
      { after: position, until: position },
    ] as const) {
      const error = await within(collect(reader.read(options)).catch((reason: LogRolledBackError) => reason))
      assert.equal((error as LogRolledBackError).code, 'WAL_LOG_ROLLED_BACK', JSON.stringify(options))
      assert.deepEqual(await readAt((error as LogRolledBackError).resumeAt, 'after'), kept)
    }
  }
  await assertTold(positions[0] as string, [])
  await assertTold(positions[3] as string, [])
  const next = await open({ timeTickMs: 60_000 })
  await next.append(message('x'))
  for (const position of positions) await assertTold(position, ['x'])
  assert.deepEqual(await texts(reader.read({ until: 'end' })), ['a', 'x'])
})

test('H107: truncate at a position that the log lost is refused, and nothing is written', async () => {
  const wal = await open({ timeTickMs: 60_000 })
  await wal.append(message('a'))
  const restore = backUp()
  const lost = await wal.append(message('b'))
  const further = await wal.append(message('c'))
  restore()
  const next = await open({ timeTickMs: 60_000 })
  for (const each of ['x', 'y', 'z']) await next.append(message(each))
  const before = storedRecords().length
  for (const { position } of [lost, further]) {
    const error = await within(next.truncate(position)).catch((reason: LogRolledBackError) => reason)
    assert.ok(error instanceof Error && error.code === 'WAL_LOG_ROLLED_BACK')
    assert.equal(error.known, position)
    for (const where of ['from', 'after'] as const)
      assert.deepEqual(await readAt(error.resumeAt, where), ['x', 'y', 'z'])
  }
  assert.equal(storedRecords().length, before)
  // Later time ticks don't carry the refused point either.
  await next.barrier()
  for (const log of [next, await openReader()])
    assert.deepEqual(await texts(log.read({ until: 'end' })), ['a', 'x', 'y', 'z'])
  const again = await open()
  assert.deepEqual(await texts(again.read({ until: 'end' })), ['a', 'x', 'y', 'z'])
})

test('a latest reader is told when the record at which it started was replaced before it was given a message', async () => {
  const cut = new Cutter()
  const wal = await open({ timeTickMs: 60_000 })
  await wal.append(message('a'))
  await wal.append(message('b'))
  const reader = await openReader({ builder: cut.builder })
  const scanner = reader.read({ deliver: 'latest' })
  await scanner.ready()
  cut.hold()
  const next = scanner.next()
  next.catch(() => {})
  await pause(5)
  loseAllBut(1)
  const newer = await open({ timeTickMs: 60_000 })
  for (const each of ['d', 'e']) await newer.append(message(each))
  cut.release()
  const error = (await within(next.catch((reason) => reason))) as LogRolledBackError
  assert.equal(error.code, 'WAL_LOG_ROLLED_BACK')
  assert.deepEqual(await readAt(error.resumeAt, 'from'), ['d', 'e'])
})

/** The memory backend with a store that accepts batches of every writer. */
function withoutFence(): OpenerBuilderImpls {
  let sequence = 1e12
  return overMemory((log) => ({
    append: async (batch) => {
      if (batch.sequence === 0) return log.append(batch)
      const raw = storedLog()
      const first = raw.store({ ...batch, sequence: sequence++ }, raw.writer, false)
      const { messageIds } = withoutFence()
      return batch.messages.map((_, i) => messageIds.parse((first + i).toString(36)))
    },
  }))
}

/** The memory backend with scanners that reject when they are cut; new ones wait until the test lets them go. */
class Cutter {
  readonly builder: OpenerBuilderImpls
  #cuts = new Set<() => void>()
  #held: Promise<void> | undefined
  #letGo = () => {}

  constructor() {
    const inner = overMemory(() => ({}))
    this.builder = {
      ...inner,
      build: async (...given) => {
        const opener = await inner.build(...given)
        return {
          open: (...args) => opener.open(...args),
          close: () => opener.close(),
          openReadOnly: async (...args) => {
            const log = await opener.openReadOnly(...args)
            const read = log.read.bind(log)
            log.read = (options) => this.#cuttable(read(options))
            return log
          },
        }
      },
    }
  }

  /** Cuts every scanner. No scanner reads before `release`. */
  hold(): void {
    this.#held = new Promise((resolve) => {
      this.#letGo = resolve
    })
    for (const cut of this.#cuts) cut()
    this.#cuts.clear()
  }

  release(): void {
    this.#held = undefined
    this.#letGo()
  }

  #cuttable(scanner: ScannerImpls): ScannerImpls {
    const broken = new Promise<never>((_, reject) => {
      this.#cuts.add(() => reject(new Error('connection reset')))
    })
    broken.catch(() => {})
    return {
      ready: () => scanner.ready(),
      next: async () => {
        await this.#held
        return Promise.race([scanner.next(), broken])
      },
      close: () => scanner.close(),
    }
  }
}
