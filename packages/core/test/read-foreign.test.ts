import assert from 'node:assert/strict'
import { test } from 'vitest'
import type { ScannerElement } from '../src/index.js'
import { foreignLog } from './foreign-log.js'
import { cleanLogs, faulty, isPending, message, open, openReader, textOf, texts, within } from './harness.js'
import { rawLog } from './raw-log.js'

cleanLogs()

const everything = { timeTicks: true, gaps: 'deliver', orderViolations: 'deliver' } as const

function shown(element: ScannerElement): string {
  if (element.kind === 'message') return textOf(element)
  if (element.kind === 'timeTick') return `tick ${element.timeTick}`
  if (element.kind === 'gap') return `gap ${element.after} ${element.before}`
  return `late ${textOf(element.message)} below ${element.delivered}`
}

/** Records 1 to 9. Some share a time tick; one tick record repeats another, and one equals the tick of a message. */
const SHUFFLED = [
  { timeTick: 1, tick: true },
  { timeTick: 30, text: 'c', lastConfirmed: 1 },
  { timeTick: 10, text: 'a', lastConfirmed: 1, vchannel: 'v' },
  { timeTick: 10, text: 'b', lastConfirmed: 1 },
  { timeTick: 20, tick: true, lastConfirmed: 2 },
  { timeTick: 20, tick: true, lastConfirmed: 2 },
  { timeTick: 20, text: 'as the tick', lastConfirmed: 2 },
  { timeTick: 30, tick: true, lastConfirmed: 2 },
  { timeTick: 40, text: 'not settled', lastConfirmed: 8 },
]
const IN_ORDER = ['tick 1', 'a', 'b', 'tick 20', 'tick 20', 'as the tick', 'c', 'tick 30']

test('another system’s messages are delivered by time tick, then by id, up to its last persisted time tick', async () => {
  const writer = await foreignLog()
  await writer.append(...SHUFFLED)
  const reader = await openReader()
  const seen: string[] = []
  for await (const each of reader.read({ until: 'end', ...everything })) seen.push(shown(each))
  assert.deepEqual(seen, IN_ORDER)
  assert.deepEqual(await texts(reader.read({ until: 'end', vchannel: 'w' })), ['b', 'as the tick', 'c'])
  const tail = reader.read()
  const loop = texts(tail, 5)
  await within(tail.caughtUp())
  assert.equal(await isPending(loop), true)
  await writer.append({ timeTick: 41, tick: true, lastConfirmed: 9 })
  assert.deepEqual(await within(loop), ['a', 'b', 'as the tick', 'c', 'not settled'])
})

test('reading another system’s log resumes at every position, `after` without the message, `from` with it', async () => {
  const writer = await foreignLog()
  await writer.append(...SHUFFLED)
  const reader = await openReader()
  const positions: string[] = []
  for await (const each of reader.read({ until: 'end', ...everything })) {
    assert.equal(JSON.parse(JSON.stringify(each)).position, each.position)
    positions.push(each.position)
  }
  assert.equal(new Set(positions).size, IN_ORDER.length)
  const again = await openReader()
  for (const [i, position] of positions.entries()) {
    for (const [options, rest] of [
      [{ after: position }, IN_ORDER.slice(i + 1)],
      [{ from: position }, IN_ORDER.slice(i)],
    ] as const) {
      const seen: string[] = []
      for await (const each of again.read({ ...options, until: 'end', ...everything })) seen.push(shown(each))
      assert.deepEqual(seen, rest)
    }
  }
})

test('a latest reader of another system’s log gets messages stored after ready(), not earlier ones without an order yet', async () => {
  const writer = await foreignLog()
  await writer.append(...SHUFFLED)
  const reader = await openReader()
  const scanner = reader.read({ deliver: 'latest', orderViolations: 'deliver' })
  await scanner.ready()
  const seen: string[] = []
  await writer.append(
    { timeTick: 35, text: 'new', lastConfirmed: 8 },
    { timeTick: 25, text: 'too late', lastConfirmed: 8 },
  )
  await writer.append({ timeTick: 50, tick: true, lastConfirmed: 8 })
  for (let i = 0; i < 2; i++) seen.push(shown((await within(scanner.next())).value as ScannerElement))
  assert.deepEqual(seen, ['late too late below 30', 'new'])
  await scanner.close()
})

test('H29: at an order violation a reader gets everything before it, then an error that names the place', async () => {
  const writer = await foreignLog()
  await writer.append(
    { timeTick: 10, text: 'a' },
    { timeTick: 20, tick: true, lastConfirmed: 1 },
    { timeTick: 15, text: 'late', lastConfirmed: 1 },
    { timeTick: 12, tick: true, lastConfirmed: 1 },
    { timeTick: 30, text: 'b', lastConfirmed: 1 },
    { timeTick: 30, tick: true, lastConfirmed: 1 },
  )
  const reader = await openReader()
  const scanner = reader.read({ vchannel: 'whatever' })
  const seen: string[] = []
  await assert.rejects(
    (async () => {
      for await (const each of scanner) seen.push(shown(each))
    })(),
    { code: 'WAL_CORRUPT', message: /channel "log", message 3: order violation.*15.*20/ },
  )
  assert.deepEqual(seen, ['a'])
  // A reader that resumes there is given the violation again.
  await assert.rejects(texts(reader.read({ after: scanner.position as string })), { code: 'WAL_CORRUPT' })

  const whole = ['a', 'late late below 20', 'late  below 20', 'b']
  const positions: string[] = []
  const delivered: string[] = []
  for await (const each of reader.read({ until: 'end', orderViolations: 'deliver', types: [77] })) {
    assert.equal(each.kind, 'orderViolation')
    assert.equal(each.position, JSON.parse(JSON.stringify(each)).position)
  }
  for await (const each of reader.read({ until: 'end', orderViolations: 'deliver' })) {
    delivered.push(shown(each))
    positions.push(each.position)
  }
  assert.deepEqual(delivered, whole)
  for (const [i, after] of positions.entries()) {
    const rest: string[] = []
    for await (const each of reader.read({ after, until: 'end', orderViolations: 'deliver' }))
      rest.push(shown(each))
    assert.deepEqual(rest, whole.slice(i + 1))
  }
  // Behind the violation the order is right.
  assert.deepEqual(await texts(reader.read({ after: positions[2] as string, until: 'end' })), ['b'])
})

test('G15 records that wait for their order count against the budget, and beyond it the read fails and says what to do', async () => {
  const writer = await foreignLog()
  const big = 'x'.repeat(100_000)
  for (let i = 1; i <= 20; i++) await writer.append({ timeTick: 10 + i, text: big, lastConfirmed: 1 })
  await writer.append({ timeTick: 100, tick: true, lastConfirmed: 1 })
  const small = await openReader({ budgetBytes: 1 << 20 })
  for (let i = 0; i < 3; i++)
    await assert.rejects(texts(small.read({ until: 'end' })), {
      code: 'WAL_BUDGET_EXCEEDED',
      message: /message 6:.*budgetBytes/,
    })
  const large = await openReader({ budgetBytes: 8 << 20 })
  // The bytes that a scanner held back are free again when the scanner is done or closed.
  for (let i = 0; i < 3; i++) {
    assert.equal((await texts(large.read({ until: 'end' }))).length, 20)
    assert.equal((await texts(large.read(), 1)).length, 1)
  }
})

test('in another system’s log a lower term behind a higher one is void, and transactions and chunks are refused by name', async () => {
  const writer = await foreignLog()
  await writer.append(
    { timeTick: 10, text: 'a' },
    { timeTick: 20, tick: true, term: 3 },
    { timeTick: 25, text: 'void', term: 1 },
    { timeTick: 26, tick: true, term: 2 },
    { timeTick: 28, text: 'b', term: 3 },
    { timeTick: 30, tick: true, term: 3 },
  )
  const reader = await openReader()
  const elements = []
  for await (const each of reader.read({ until: 'end' })) elements.push(each)
  assert.deepEqual(
    elements.map((each) => [shown(each), each.term]),
    [
      ['a', 1],
      ['b', 3],
    ],
  )
  for (const [property, name] of [
    ['_tx', /_tx/],
    ['_ci', /_ci/],
  ] as const) {
    const channel = `with${property.replace('_', '-')}`
    const other = await foreignLog(channel)
    await other.append({ timeTick: 5, text: 'a' }, { timeTick: 6, tick: true })
    await other.append({ timeTick: 8, more: [property, '0'] }, { timeTick: 9, tick: true })
    const scanner = (await openReader({ channel })).read()
    assert.equal(shown((await scanner.next()).value as ScannerElement), 'a')
    const refused = { code: 'WAL_SPEC_UNSUPPORTED', message: new RegExp(`message 3: .*${name.source}`) }
    await assert.rejects(within(scanner.next()), refused)
  }
})

test('another system’s log cannot be opened for writing, and a log with records of both systems cannot be read', async () => {
  const writer = await foreignLog()
  await writer.append(...SHUFFLED)
  await assert.rejects(open(), { code: 'WAL_SPEC_UNSUPPORTED', message: /another system.*'ro'/ })
  await assert.rejects(open({ term: 99 }), { code: 'WAL_SPEC_UNSUPPORTED' })
  const reader = await openReader()
  assert.equal((await texts(reader.read({ until: 'end' }))).length, 4)

  const wal = await open({ channel: 'ours' })
  await wal.append(message('1'))
  const scanner = (await openReader({ channel: 'ours' })).read()
  assert.equal(textOf((await scanner.next()).value as never), '1')
  const raw = await rawLog('ours')
  const own = raw.record({ timeTick: BigInt(Date.now() + 1000) << 18n, term: 9, incarnation: 'x' })
  await raw.append(without(own, '_wi'))
  const mixed = { code: 'WAL_SPEC_UNSUPPORTED', message: /another system, in a log that @wal wrote/ }
  await assert.rejects(within(texts(scanner)), mixed)

  const loop = texts(reader.read({ after: (await first(reader)) as string }))
  await writer.appendAsIs(own)
  const other = { code: 'WAL_SPEC_UNSUPPORTED', message: /message a: written by @wal, in a log that another/ }
  await assert.rejects(within(loop), other)
  // The mixed log is also noticed at its end.
  await assert.rejects(within(texts(reader.read())), { code: 'WAL_SPEC_UNSUPPORTED' })
})

async function first(reader: Awaited<ReturnType<typeof openReader>>): Promise<string | undefined> {
  for await (const each of reader.read()) return each.position
  return undefined
}

function without(record: { payload: Uint8Array; properties: readonly string[] }, key: string) {
  const properties = [...record.properties]
  properties.splice(properties.indexOf(key), 2)
  return { payload: record.payload, properties }
}

test('a position of another system’s log is refused by our log, and the reverse', async () => {
  const writer = await foreignLog()
  await writer.append(...SHUFFLED)
  const reader = await openReader()
  const wal = await open({ channel: 'ours' })
  const { position } = await wal.append(message('1'))
  const theirs = (await first(reader)) as string
  const mismatch = { code: 'WAL_POSITION_MISMATCH' }
  for (const option of ['from', 'after', 'until']) {
    await assert.rejects(texts(reader.read({ [option]: position })), mismatch)
    await assert.rejects(texts(wal.read({ [option]: theirs })), mismatch)
  }
  await assert.rejects(wal.truncate(theirs), mismatch)
})

test('G8 readers of another system’s log are told when it lost its end or its beginning', async () => {
  const writer = await foreignLog()
  await writer.append(...SHUFFLED, { timeTick: 50, tick: true, lastConfirmed: 8 })
  const reader = await openReader()
  const positions: string[] = []
  for await (const each of reader.read({ until: 'end' })) positions.push(each.position)
  const last = positions.at(-1) as string
  const fields = last.split(':')
  const beyond = [...fields.slice(0, 7), 'zz'].join(':')
  await writer.append({ timeTick: 60, text: 'other', lastConfirmed: 10 }, { timeTick: 61, tick: true })
  await assert.rejects(within(texts(reader.read({ after: beyond }))), { code: 'WAL_LOG_ROLLED_BACK' })
  const replaced = [...fields.slice(0, 6), '5', fields[7]].join(':')
  await assert.rejects(texts(reader.read({ after: replaced })), { code: 'WAL_LOG_ROLLED_BACK' })

  await writer.truncate(7)
  const truncated = await texts(reader.read({ after: positions[0] as string })).catch((error) => error)
  assert.equal(truncated.code, 'WAL_POSITION_TRUNCATED')
  const kept = ['as the tick', 'not settled', 'other']
  assert.deepEqual(await texts(reader.read({ from: truncated.oldest, until: 'end' })), kept)
  const seen: string[] = []
  let behind = ''
  for await (const each of reader.read({ after: positions[0] as string, gaps: 'deliver', until: 'end' })) {
    if (each.kind === 'gap') behind = each.position
    seen.push(shown(each))
  }
  assert.deepEqual(seen, ['gap undefined 20', ...kept])
  assert.deepEqual(await texts(reader.read({ after: behind, until: 'end' })), kept)
})

test('G21 when reads of another system’s log fail, records that were held back are neither lost nor delivered twice', async () => {
  const backend = faulty()
  const writer = await foreignLog()
  const count = 300
  for (let i = 0; i < count; i += 3) {
    const lastConfirmed = Math.max(1, Math.floor(i / 3) * 4 - 3)
    await writer.append(
      { timeTick: i + 3, text: String(i + 2), lastConfirmed },
      { timeTick: i + 1, text: String(i), lastConfirmed },
      { timeTick: i + 2, text: String(i + 1), lastConfirmed },
      { timeTick: i + 3, tick: true, lastConfirmed },
    )
  }
  const { systemRuntime } = await import('@wal/walimpls')
  const quick = {
    ...systemRuntime,
    setTimeout: (run: () => void, ms: number) => systemRuntime.setTimeout(run, Math.min(ms, 1)),
  }
  const reader = await openReader({ builder: backend.builder, runtime: quick })
  backend.plan = {
    readBytes: () => 150,
    script: { next: ({ number }) => (number % 7 === 3 ? 'cut' : number % 5 === 2 ? 'fail' : undefined) },
  }
  const seen = await within(texts(reader.read(), count), 60_000)
  assert.deepEqual(
    seen,
    Array.from({ length: count }, (_, i) => String(i)),
  )
  assert.ok(backend.counts.fail > 10 && backend.counts.cut > 10)
})
