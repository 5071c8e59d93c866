import assert from 'node:assert/strict'
import { test } from 'vitest'
import { timeTickOf } from '../src/index.js'
import {
  cleanLogs,
  faulty,
  isPending,
  message,
  open,
  openReader,
  pause,
  textOf,
  texts,
  turn,
  within,
} from './harness.js'
import { rawLog } from './raw-log.js'

cleanLogs()

test('`break` closes a scanner, and a second iterator is refused, also one of batches()', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  await wal.appendBatch(['1', '2', '3'].map((each) => message(each)))
  const scanner = wal.read()
  for await (const _ of scanner) break
  assert.throws(() => scanner[Symbol.asyncIterator](), { code: 'WAL_INVALID_ARGUMENT' })
  assert.throws(() => scanner.batches(), { code: 'WAL_INVALID_ARGUMENT' })
  assert.deepEqual(await within(scanner.next()), { done: true, value: undefined })
  assert.equal(backend.openScanners, 0)
  const thrown = wal.read()
  await assert.rejects(
    (async () => {
      for await (const _ of thrown) throw new Error('user')
    })(),
    { message: 'user' },
  )
  assert.equal((await thrown.next()).done, true)
  const other = wal.read()
  other.batches()
  assert.throws(() => other[Symbol.asyncIterator](), { code: 'WAL_INVALID_ARGUMENT' })
  await other.close()
})

test('several calls of next() are answered in order, and close ends those that wait', async () => {
  const wal = await open()
  const scanner = wal.read()
  const calls = Array.from({ length: 5 }, () => scanner.next())
  await wal.appendBatch(['1', '2', '3'].map((each) => message(each)))
  const first = await within(Promise.all(calls.slice(0, 3)))
  assert.deepEqual(
    first.map((each) => each.value && textOf(each.value)),
    ['1', '2', '3'],
  )
  assert.equal(await isPending(calls[3] as Promise<unknown>), true)
  await within(scanner.close())
  for (const call of calls.slice(3)) assert.equal((await within(call)).done, true)
})

test('batches() gives all elements in runs, also after a single next()', async () => {
  const wal = await open({ batchBytes: 4096 })
  const sent = Array.from({ length: 500 }, (_, i) => String(i))
  await wal.appendBatch(sent.map((each) => message(each)))
  const scanner = wal.read({ until: 'end' })
  const first = await scanner.next()
  const seen = [textOf(first.value as never)]
  let runs = 0
  for await (const batch of scanner.batches()) {
    runs++
    assert.ok(batch.length > 0)
    for (const each of batch) seen.push(textOf(each))
    assert.equal(scanner.position, batch.at(-1)?.position)
  }
  assert.deepEqual(seen, sent)
  assert.ok(runs < 500)
  const open2 = wal.read().batches()
  await open2.next()
  await within(open2.return?.() as Promise<unknown>)
})

test('`until` ends a read at the end of an empty log, at a position, and at a time tick that is or is not yet reached', async () => {
  const wal = await open()
  const reader = await openReader()
  assert.deepEqual(await within(texts(wal.read({ until: 'end' }))), [])
  assert.deepEqual(await within(texts(reader.read({ until: 'end' }))), [])
  const results = await wal.appendBatch(['1', '2', '3'].map((each) => message(each)))
  const second = results[1]
  assert.ok(second)
  for (const log of [wal, reader]) {
    assert.deepEqual(await within(texts(log.read({ until: second.position }))), ['1', '2'])
    assert.deepEqual(await within(texts(log.read({ until: second.timeTick }))), ['1', '2'])
    assert.deepEqual(await within(texts(log.read({ until: 0n }))), [])
    assert.deepEqual(await within(texts(log.read({ after: second.position, until: second.position }))), [])
    assert.deepEqual(await within(texts(log.read({ from: second.position, until: second.position }))), ['2'])
  }
  const later = texts(wal.read({ until: timeTickOf(Date.now() + 60) }))
  await pause(70)
  await wal.append(message('4'))
  await within(later)
  const between = texts(reader.read({ until: 'end', deliver: 'latest' }))
  assert.deepEqual(await within(between), [])
})

test('a latest reader gets only messages appended after ready(), on writers, readers and empty logs', async () => {
  const wal = await open()
  const reader = await openReader()
  const early = [wal.read({ deliver: 'latest' }), reader.read({ deliver: 'latest' })]
  for (const scanner of early) await scanner.ready()
  await wal.appendBatch(['1', '2'].map((each) => message(each)))
  const late = [wal.read({ deliver: 'latest' }), reader.read({ deliver: 'latest' })]
  for (const scanner of late) await within(scanner.ready())
  await wal.append(message('3'))
  for (const scanner of early) assert.deepEqual(await within(texts(scanner, 3)), ['1', '2', '3'])
  for (const scanner of late) assert.deepEqual(await within(texts(scanner, 1)), ['3'])
})

test('caughtUp() resolves when every message that was there is handed out, also for a bounded read', async () => {
  const wal = await open()
  await wal.appendBatch(['1', '2', '3'].map((each) => message(each)))
  for (const until of [undefined, 'end'] as const) {
    const scanner = wal.read(until === undefined ? {} : { until })
    let caughtUp = false
    const told = scanner.caughtUp().then(() => {
      caughtUp = true
    })
    await scanner.next()
    await pause(5)
    assert.equal(caughtUp, false, `until ${until}`)
    await scanner.next()
    await scanner.next()
    const fourth = scanner.next()
    await within(told)
    await scanner.close()
    await fourth
  }
  const empty = await open({ channel: 'empty' })
  const scanner = empty.read({ until: 'end' })
  assert.deepEqual(await texts(scanner), [])
  await within(scanner.caughtUp())
})

test('ready() and caughtUp() cause no unhandled rejection, whatever ends the scanner', async () => {
  const unhandled: unknown[] = []
  const listen = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', listen)
  const wal = await open()
  const controller = new AbortController()
  const scanners = [
    wal.read(),
    wal.read({ signal: controller.signal }),
    wal.read({ from: 'wal1:memory:other:1:0:abc:1' }),
  ]
  controller.abort()
  await Promise.all(scanners.map((scanner) => scanner.close()))
  await pause(10)
  process.off('unhandledRejection', listen)
  assert.deepEqual(unhandled, [])
  const closed = wal.read()
  await closed.close()
  await assert.rejects(closed.ready(), { code: 'WAL_CLOSED' })
  await assert.rejects(closed.caughtUp(), { code: 'WAL_CLOSED' })
  assert.equal((await closed.next()).done, true)
})

test('G9 G12 a reader on a read-only log follows its writer and the next writer', async () => {
  const first = await open()
  const reader = await openReader()
  const loop = texts(reader.read(), 4)
  await first.append(message('1'))
  await first.append(message('2'))
  const second = await open()
  await second.append(message('3'))
  await second.append(message('4'))
  assert.deepEqual(await within(loop), ['1', '2', '3', '4'])
})

test('a reader of a vchannel gets its messages and those without a vchannel', async () => {
  const wal = await open()
  await wal.append(message('1', { vchannel: 'a' }))
  await wal.append(message('2', { vchannel: 'b' }))
  await wal.append(message('3'))
  assert.deepEqual(await texts(wal.read({ until: 'end', vchannel: 'a' })), ['1', '3'])
  assert.deepEqual(await texts(wal.read({ until: 'end', vchannel: 'c' })), ['3'])
})

test('G10 payload and properties come back exactly, as a separate object for each scanner', async () => {
  const wal = await open()
  const reader = await openReader()
  const properties = new Map([
    ['__proto__', 'polluted?'],
    ['constructor', ''],
    ['empty', ''],
    ['👍', '\u0000\uFFFF𝒳'],
    ...Array.from({ length: 100 }, (_, i) => [`p${i}`, 'v'.repeat(i)] as const),
  ])
  const buffer = new Uint8Array([0, 255, 128, 10])
  const tail = wal.read()
  const tail2 = wal.read()
  const appended = wal.append({ payload: buffer, properties, vchannel: 'v', type: 5000 })
  buffer.fill(7)
  properties.set('later', 'x')
  const result = await appended
  await wal.append({ payload: new Uint8Array(0) })
  properties.delete('later')
  for (const scanner of [tail, tail2, wal.read(), reader.read(), reader.read()]) {
    const { value } = await within(scanner.next())
    assert.ok(value)
    assert.deepEqual([...value.payload], [0, 255, 128, 10])
    assert.deepEqual([...value.properties], [...properties])
    assert.equal(value.vchannel, 'v')
    assert.equal(value.type, 5000)
    assert.equal(value.timeTick, result.timeTick)
    assert.equal(value.messageId, result.messageId)
    const json = JSON.parse(JSON.stringify(value))
    assert.equal(json.timeTick, String(value.timeTick))
    assert.equal(json.payload, 'AP+ACg==')
    assert.equal(Object.getOwnPropertyDescriptor(json.properties, '__proto__')?.value, 'polluted?')
    assert.equal(json.position, value.position)
    // A reader that changes its message does not change that of another reader.
    value.payload.fill(1)
    value.properties.clear()
    assert.equal((await within(scanner.next())).value?.payload.length, 0)
    await scanner.close()
  }
  assert.deepEqual(JSON.parse(JSON.stringify(result)), {
    position: result.position,
    timeTick: String(result.timeTick),
    messageId: result.messageId,
    vchannel: 'v',
  })
  for await (const each of wal.read({ until: 'end', timeTicks: true })) JSON.stringify(each)
})

test('G8 a record with malformed reserved properties is WAL_CORRUPT, and the error names its place', async () => {
  const breaks: ((properties: string[]) => void)[] = [
    (list) => list.splice(list.indexOf('_tt'), 2),
    (list) => list.splice(list.indexOf('_tt') + 1, 1, '-1'),
    (list) => list.splice(list.indexOf('_wt') + 1, 1, 'UP'),
    (list) => list.splice(list.indexOf('_v') + 1, 1, '01'),
    (list) => list.splice(list.indexOf('_lcs'), 2),
    (list) => list.push('_lc', '1'),
  ]
  for (const [i, damage] of breaks.entries()) {
    const channel = `damaged-${i}`
    const wal = await open({ channel })
    await wal.append(message('1'))
    const raw = await rawLog(channel)
    const record = raw.record({ payload: 'x', timeTick: BigInt(Date.now() + 1000) << 18n })
    damage(record.properties as string[])
    await raw.append(record)
    const reader = await openReader({ channel })
    await assert.rejects(within(texts(reader.read())), (error: Error & { code: string }) => {
      assert.equal(error.code, 'WAL_CORRUPT')
      assert.match(error.message, new RegExp(`${channel}.*message 3`))
      return true
    })
    // The tail of the writer's own WAL reads from memory. A new writer refuses to open a damaged log.
    await assert.rejects(within(open({ channel })), { code: 'WAL_CORRUPT' })
  }
})

test('G21 when reads of the backend fail, reading goes on behind the last record, with nothing lost or delivered twice', async () => {
  const backend = faulty()
  let driverErrors = 0
  const runtime = (await import('@wal/walimpls')).systemRuntime
  const quick = {
    ...runtime,
    setTimeout: (run: () => void, ms: number) => runtime.setTimeout(run, Math.min(ms, 2)),
  }
  const wal = await open()
  const sent = Array.from({ length: 200 }, (_, i) => String(i))
  await wal.appendBatch(sent.map((each) => message(each)))
  const reader = await openReader({ builder: backend.builder, runtime: quick })
  const scanner = reader.read()
  await scanner.ready()
  backend.plan = {
    readBytes: () => 500,
    script: {
      next: ({ number }) => {
        if (number % 5 === 3) return 'fail'
        if (number % 11 === 7) {
          driverErrors++
          return new Error('socket hang up')
        }
        return number % 13 === 8 ? 'cut' : undefined
      },
    },
  }
  assert.deepEqual(await within(texts(scanner, 200), 20_000), sent)
  assert.ok(backend.counts.fail - driverErrors > 5)
  assert.ok(driverErrors > 0)
  assert.ok(backend.counts.cut > 0)
})

test('a latest reader on a writer also gets messages appended right after the call of read, before ready()', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  await wal.append(message('before'))
  backend.plan = { script: { last: () => backend.hang() } }
  const scanner = wal.read({ deliver: 'latest' })
  await turn()
  await wal.append(message('after'))
  backend.letGo()
  const { value } = await within(scanner.next())
  assert.equal(value && textOf(value), 'after')
})
