import assert from 'node:assert/strict'
import { systemRuntime } from '@wal/walimpls'
import { test } from 'vitest'
import {
  type AppendResult,
  admission,
  type Interceptor,
  type InterceptorContext,
  type NewMessage,
  redo,
  registerMessageType,
  type WAL,
} from '../src/index.js'
import {
  cleanLogs,
  faulty,
  isPending,
  message,
  open,
  openReader,
  textOf,
  texts,
  turn,
  within,
} from './harness.js'

cleanLogs()

const pass: Interceptor['append'] = (append, next) => next(append.message)

test('a function that builds an interceptor gets the WAL and may append to it', async () => {
  let context: InterceptorContext | undefined
  let audited: Promise<AppendResult> | undefined
  const logger = { debug() {}, info() {}, warn() {}, error() {} }
  const runtime = { ...systemRuntime }
  const audit = (given: InterceptorContext): Interceptor => {
    context = given
    return {
      name: 'audit',
      async append(append, next) {
        const result = await next(append.message)
        if (append.message.vchannel !== 'audit')
          // This append is not awaited, so it does not delay the append that the interceptor handles.
          audited = given.wal.then((wal) =>
            wal.append(message(`saw ${textOf(append.message)}`, { vchannel: 'audit' })),
          )
        return result
      },
    }
  }
  const wal = await open({ interceptors: [audit], logger, runtime })
  const { timeTick } = await wal.append(message('1', { vchannel: 'a' }))
  await audited
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['1', 'saw 1'])
  const { backend, channel, term, openingTimeTick, wal: own, ...rest } = context as InterceptorContext
  assert.deepEqual([backend, channel, term], ['memory', 'log', wal.channel.term])
  assert.ok(openingTimeTick > 0n && openingTimeTick < timeTick)
  assert.equal((await own).signal, wal.signal)
  assert.equal(rest.logger, logger)
  assert.equal(rest.runtime, runtime)
})

test('an interceptor that waits for an append to its own vchannel waits until the deadline', async () => {
  const builder = ({ wal }: InterceptorContext): Interceptor => ({
    name: 'circle',
    async append(append, next) {
      if (textOf(append.message) === 'outer')
        await (await wal).append(message('inner', { vchannel: 'a' }), { timeoutMs: 20 })
      return next(append.message)
    },
  })
  const wal = await open({ interceptors: [builder] })
  await assert.rejects(within(wal.append(message('outer', { vchannel: 'a' }))), {
    code: 'WAL_TIMEOUT',
    outcome: 'not-written',
  })
  await within(wal.append(message('next', { vchannel: 'a' })))
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['next'])
})

test('a value that is no interceptor is refused with its place in the list, and nothing stays open', async () => {
  const shapes: [unknown, RegExp][] = [
    ['stamp', /interceptors.*list/],
    [[{}], /Interceptor 0 in .*append/],
    [[{ append: pass }], /Interceptor 0 in .* needs a name/],
    [
      [{ name: 'a', append: pass, place: 'inside' }],
      /Interceptor 0 in .* place that is neither "outer" nor "inner"/,
    ],
    [[{ name: 'a', append: pass, ready: true }], /Interceptor 0 in .* "ready" that is no function/],
    [[() => undefined], /builder.*returned.*append/],
  ]
  for (const [interceptors, expected] of shapes)
    await assert.rejects(open({ interceptors: interceptors as Interceptor[] }), {
      code: 'WAL_INVALID_ARGUMENT',
      message: expected,
    })
  const closed: string[] = []
  const built = (): Interceptor => ({
    name: 'built',
    append: pass,
    close: async () => void closed.push('built'),
  })
  const failing = (): Interceptor => {
    throw new Error('no licence')
  }
  await assert.rejects(open({ interceptors: [built, failing] }), { message: 'no licence' })
  assert.deepEqual(closed, ['built'])
  const wal = await open({ interceptors: [built] })
  await wal.append(message('1'))
})

test('an interceptor inside the lock may refuse a message, change it, or ask to run again', async () => {
  registerMessageType({ number: 7101, name: 'AdmissionTestExclusive', exclusive: true })
  let open_ = false
  const asked: string[] = []
  let inside = 0
  const gate = admission(async ({ message: given }): Promise<NewMessage | undefined> => {
    const text = textOf(given)
    asked.push(text)
    assert.ok(given.type !== 7101 || inside === 0, 'an exclusive one is alone')
    inside++
    await turn()
    inside--
    if (text === 'bad') throw new Error('not here')
    if (text === 'early' && !open_) throw redo('the gate is closed')
    if (text === 'plain') return { ...given, properties: new Map([['seen', 'yes']]) }
    return undefined
  })
  const wal = await open({ interceptors: [gate] })
  await assert.rejects(within(wal.append(message('bad'))), { message: 'not here' })
  await wal.append(message('plain'))
  const early = wal.append(message('early'))
  while (asked.filter((text) => text === 'early').length < 3) await turn()
  open_ = true
  await within(early)
  await within(
    Promise.all(
      ['a', 'b', 'a', 'b'].map((vchannel, i) =>
        wal.append(message(`${i}`, i === 2 ? { type: 7101 } : { vchannel })),
      ),
    ),
  )
  const seen: (string | undefined)[] = []
  for await (const each of wal.read({ until: 'end' })) seen.push(each.properties.get('seen'))
  assert.deepEqual(seen, ['yes', undefined, undefined, undefined, undefined, undefined])
})

test('H16: when the caller aborts during an append, the record is stored and the caller gets its reason', async () => {
  for (const interceptors of [[], [{ name: 'p', append: pass }]]) {
    const backend = faulty()
    const channel = `h16-${interceptors.length}`
    const wal = await open({ builder: backend.builder, channel, interceptors, timeTickMs: 60_000 })
    backend.plan = { script: { append: { 1: backend.hang() } } }
    const controller = new AbortController()
    const aborted = wal.append(message('1'), { signal: controller.signal })
    await turn()
    const reason = new Error('enough')
    controller.abort(reason)
    const error = await within(
      aborted.catch((caught: unknown) => caught as { token: string; cause: unknown }),
    )
    assert.ok('token' in error)
    assert.equal(error.cause, reason)
    backend.letGo()
    assert.equal((await within(wal.resolve(error.token))).outcome, 'written')
    const after = await within(wal.append(message('2')))
    assert.ok(after.timeTick > 0n)
    assert.deepEqual(await texts(wal.read({ until: 'end' })), ['1', '2'])
  }
})

test('H17: an append during a close is refused, and the close waits for appends in flight, then ends them', async () => {
  for (const interceptors of [[], [{ name: 'p', append: pass }]]) {
    const backend = faulty()
    const settings = { builder: backend.builder, channel: `h17-${interceptors.length}`, interceptors }
    const wal = await open({ ...settings, closeTimeoutMs: 60_000 })
    backend.plan = { script: { append: { 1: backend.hang() } } }
    const inFlight = wal.append(message('1'))
    await turn()
    const closing = wal.close()
    await assert.rejects(within(wal.append(message('2'))), { code: 'WAL_CLOSED', outcome: 'not-written' })
    assert.equal(await isPending(closing), true)
    backend.letGo()
    await within(inFlight)
    await within(closing)
    const other = await open({ ...settings, closeTimeoutMs: 20 })
    backend.plan = { script: { append: () => backend.hang() } }
    const forced = other.append(message('3'))
    await turn()
    const closed = other.close()
    await assert.rejects(within(forced), { code: 'WAL_CLOSED', outcome: 'unknown' })
    backend.plan = {}
    backend.letGo()
    await within(closed)
    const reader = await openReader({ channel: settings.channel })
    assert.equal((await texts(reader.read({ until: 'end' })))[0], '1')
  }
})

test('H18: interceptors run in order, a redone append gets a new time tick, and a refused one does not stop time ticks', async () => {
  const backend = faulty()
  const seen: string[] = []
  const note = (name: string, place: 'outer' | 'inner'): Interceptor => ({
    name,
    place,
    append(append, next) {
      seen.push(name)
      return next(append.message)
    },
  })
  let wal: WAL | undefined
  let between: AppendResult | undefined
  let turns = 0
  const again: Interceptor = {
    name: 'again',
    place: 'inner',
    async append(append, next) {
      const text = textOf(append.message)
      if (text === 'refused') throw new Error('refused inside')
      if (text === 'again' && ++turns < 3) {
        between = await wal?.append(message('between', { vchannel: 'b' }))
        throw redo('something came between')
      }
      return next(append.message)
    },
  }
  const interceptors = [note('first', 'outer'), note('inner', 'inner'), again, note('second', 'outer')]
  wal = await open({ builder: backend.builder, interceptors })
  const { timeTick: before } = await wal.append(message('before', { vchannel: 'a' }))
  assert.deepEqual(seen, ['first', 'second', 'inner'])
  const { timeTick } = await within(wal.append(message('again', { vchannel: 'a' })))
  assert.ok(between !== undefined && timeTick > between.timeTick && between.timeTick > before)
  await assert.rejects(within(wal.append(message('refused', { vchannel: 'a' }))), {
    message: 'refused inside',
  })
  assert.ok((await within(wal.barrier())) > timeTick)
  await within(wal.append(message('after', { vchannel: 'a' })))
  assert.deepEqual(await texts(wal.read({ until: 'end', vchannel: 'a' })), ['before', 'again', 'after'])
})

test('an interceptor cannot ask to run again after the append’s deadline', async () => {
  let turns = 0
  const never = admission(() => {
    turns++
    throw redo('never')
  })
  const wal = await open({ interceptors: [never], closeTimeoutMs: 20 })
  await assert.rejects(within(wal.append(message('1'), { timeoutMs: 40 })), {
    code: 'WAL_TIMEOUT',
    outcome: 'not-written',
  })
  assert.ok(turns > 1)
  const controller = new AbortController()
  const aborted = wal.append(message('2'), { signal: controller.signal })
  assert.equal(await isPending(aborted), true)
  controller.abort(new Error('enough'))
  await assert.rejects(within(aborted), { message: 'enough' })
  const closed = wal.append(message('3'))
  const outcome = assert.rejects(within(closed), { code: 'WAL_CLOSED', outcome: 'not-written' })
  await within(wal.close())
  await outcome
  const at = turns
  await turn()
  assert.equal(turns, at)
  const outside = await open({
    channel: 'outside',
    interceptors: [
      {
        name: 'outer',
        append: () => {
          throw redo('nobody is outside of me')
        },
      },
    ],
  })
  await assert.rejects(outside.append(message('1')), {
    code: 'WAL_UNAVAILABLE',
    outcome: 'not-written',
    retryable: true,
    message: /nobody is outside of me/,
  })
})

test('an interceptor that does not return after next delays its append until the deadline, and the append has succeeded', async () => {
  const deaf: Interceptor = {
    name: 'deaf',
    async append(append, next) {
      await next(append.message)
      return new Promise(() => {})
    },
  }
  const wal = await open({ interceptors: [deaf], closeTimeoutMs: 20 })
  const result = await within(wal.append(message('1'), { timeoutMs: 30 }))
  assert.ok(result.timeTick > 0n)
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['1'])
})
