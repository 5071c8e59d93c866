import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'vitest'
import { type InterceptedAppend, type Interceptor, type NewMessage, openWal } from '../src/index.js'
import { cleanLogs, collect, isPending, message, open, pause, textOf, texts, within } from './harness.js'

cleanLogs()

type Next = Parameters<Interceptor['append']>[1]

const interceptor = (append: (given: InterceptedAppend, next: Next) => ReturnType<Next>): Interceptor => ({
  name: 'test',
  append,
})
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

test('the first interceptor is the outermost, and each may change or refuse the message', async () => {
  const mark = (letter: string) =>
    interceptor(({ message: given }, next) =>
      next({ ...given, payload: Buffer.concat([given.payload, Buffer.from(letter)]) }),
    )
  const refuse = interceptor(async ({ message: given }, next) => {
    if (textOf(given).startsWith('bad')) throw new Error('no bad ones')
    return next(given)
  })
  const wal = await open({ interceptors: [mark('a'), refuse, mark('b')] })
  await wal.append(message('1'))
  await assert.rejects(wal.append(message('bad')), { message: 'no bad ones' })
  await wal.appendBatch([message('2'), message('3')])
  for await (const _ of wal.appendAll([message('4')]));
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['1ab', '2ab', '3ab', '4ab'])
})

test('G10 a delivered message is appended whole, whatever its caller changes while an interceptor waits', async () => {
  const wal = await open({
    interceptors: [interceptor(async ({ message: given }, next) => pause(1).then(() => next({ ...given })))],
  })
  const properties = new Map([['key', 'value']])
  const appending = wal.append(message('a', { vchannel: 'v', properties }))
  properties.set('key', 'changed')
  await appending
  for await (const delivered of wal.read({ until: 'end' })) await wal.append(delivered)
  for (const { vchannel, properties } of await collect(wal.read({ until: 'end' })))
    assert.deepEqual([vchannel, [...properties]], ['v', [['key', 'value']]])
})

test('G1 appends to a vchannel are stored and settle in call order, also when interceptors wait', async () => {
  const jitter = interceptor(async ({ message: given }, next) => {
    await pause((Number(textOf(given)) * 7919) % 13)
    const result = await next(given)
    await pause((Number(textOf(given)) * 104_729) % 5)
    return result
  })
  const wal = await open({ interceptors: [jitter] })
  const settled: number[] = []
  const appends = Array.from({ length: 60 }, (_, i) =>
    wal.append(message(String(i), { vchannel: i % 2 ? 'odd' : 'even' })).then(() => settled.push(i)),
  )
  await within(Promise.all(appends), 5000)
  for (const parity of [0, 1]) {
    const expected = Array.from({ length: 30 }, (_, i) => 2 * i + parity)
    assert.deepEqual(
      settled.filter((i) => i % 2 === parity),
      expected,
    )
    const vchannel = parity ? 'odd' : 'even'
    assert.deepEqual(await texts(wal.read({ until: 'end', vchannel })), expected.map(String))
  }
})

test('G4 G14 a deadline and an abort end the wait in an interceptor, and the message is not written when it goes on later', async () => {
  let go = (): void => {}
  const deaf = interceptor(async ({ message: given }, next) => {
    if (textOf(given) === 'stuck') {
      await new Promise<void>((resolve) => {
        go = resolve
      })
    }
    return next(given)
  })
  const wal = await open({ interceptors: [deaf] })
  const late = wal.append(message('stuck'), { timeoutMs: 20 })
  await assert.rejects(within(late), { code: 'WAL_TIMEOUT', outcome: 'not-written' })
  go()
  await pause(5)
  const controller = new AbortController()
  const stuck = wal.append(message('stuck'), { signal: controller.signal })
  assert.equal(await isPending(stuck), true)
  controller.abort(new Error('enough'))
  await assert.rejects(within(stuck), { message: 'enough' })
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  go()
  await within(wal.append(message('1')))
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['1'])
})

test('G13 close lets appends inside interceptors finish, then aborts their signal, and ends also when an interceptor ignores it', async () => {
  const events: string[] = []
  const slow: Interceptor = {
    name: 'slow',
    async append({ message: given, signal }, next) {
      if (textOf(given) === 'slow') await pause(20)
      if (textOf(given) === 'waits') await untilAborted(signal)
      if (textOf(given) === 'deaf') await new Promise(() => {})
      return next(given)
    },
    gracefulClose: async () => void events.push('gracefulClose'),
    close: async () => void events.push('close'),
  }
  const wal = await open({ interceptors: [slow] })
  const finishing = wal.append(message('slow', { vchannel: 'a' }))
  await within(wal.close())
  await within(finishing)
  assert.deepEqual(events, ['gracefulClose', 'close'])

  const other = await open({ interceptors: [slow], closeTimeoutMs: 20 })
  const waits = other.append(message('waits', { vchannel: 'a' }))
  const deaf = other.append(message('deaf', { vchannel: 'b' }))
  const outcomes = Promise.allSettled([waits, deaf])
  await within(other.close())
  for (const outcome of await within(outcomes)) {
    const { reason } = outcome as PromiseRejectedResult
    assert.equal(reason.code, 'WAL_CLOSED')
    assert.equal(reason.outcome, 'not-written')
  }
})

test('the caller may change its payload right after the call, also while an interceptor waits', async () => {
  const waiting = interceptor(async ({ message: given }, next) => {
    await pause(5)
    return next(given)
  })
  const wal = await open({ interceptors: [waiting] })
  const payload = Buffer.from('mine')
  const append = wal.append({ payload } as NewMessage)
  payload.fill(0)
  await append
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['mine'])
})

test('when an interceptor fails to get ready, or never is, every append rejects with that, and close works', async () => {
  const never: Interceptor = {
    name: 'n',
    append: (a, next) => next(a.message),
    ready: () => new Promise(() => {}),
  }
  const wal = await open({ interceptors: [never] })
  await assert.rejects(within(wal.append(message('a'), { timeoutMs: 10 })), { code: 'WAL_TIMEOUT' })
  const failing: Interceptor = {
    name: 'f',
    append: (a, next) => next(a.message),
    ready: () => {
      throw new Error('not ready')
    },
  }
  const other = await open({ channel: 'other', interceptors: [failing] })
  await assert.rejects(within(other.append(message('a'))), { message: 'not ready' })
  const unclosable: Interceptor = {
    name: 'u',
    append: (a, next) => next(a.message),
    gracefulClose: () => {
      throw new Error('stuck door')
    },
  }
  const third = await openWal('memory:', { channel: 'third', interceptors: [unclosable] })
  const loop = texts(third.read())
  await assert.rejects(within(third.close()), { message: 'stuck door' })
  await within(loop)
  assert.equal(third.signal.aborted, true)
})

test('an append whose caller gave up while an interceptor got ready keeps no memory and does not delay close', async () => {
  const never: Interceptor = {
    ...interceptor(({ message: given }, next) => next(given)),
    ready: () => new Promise(() => {}),
  }
  const wal = await open({ interceptors: [never], closeTimeoutMs: 600_000 })
  await assert.rejects(wal.append(message('a'), { timeoutMs: 20 }), { code: 'WAL_TIMEOUT' })
  await within(wal.close(), 20_000)
})

test('an interceptor that ignores its signal delays its vchannel only until its append’s deadline', async () => {
  const deaf = interceptor(({ message: given }, next) =>
    textOf(given) === 'stuck' ? new Promise(() => {}) : next(given),
  )
  const wal = await open({ interceptors: [deaf] })
  const stuck = wal.append(message('stuck'), { timeoutMs: 20 })
  const behind = wal.append(message('behind'))
  await assert.rejects(stuck, { code: 'WAL_TIMEOUT', outcome: 'not-written' })
  await within(behind, 20_000)
  await within(wal.append(message('later')), 20_000)
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['behind', 'later'])
})

test('G10 the caller may reuse its properties while an interceptor holds the message', async () => {
  const slow = interceptor(async ({ message: given }, next) => {
    await pause(1)
    return next(given)
  })
  const wal = await open({ interceptors: [slow] })
  const properties = new Map([['key', 'as given']])
  const append = wal.append(message('a', { properties }))
  properties.set('key', 'changed')
  await append
  const { value } = await wal.read().next()
  assert.equal(value?.properties.get('key'), 'as given')
})
