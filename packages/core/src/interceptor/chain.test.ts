import assert from 'node:assert/strict'
import { AppendError, systemRuntime, WalError } from '@wal/walimpls'
import { test } from 'vitest'
import type { Interceptor } from '../api/interceptor.js'
import type { Logger } from '../api/logger.js'
import type { AppendResult, NewMessage } from '../api/wal.js'
import { InterceptorChain } from './chain.js'
import { AppendLock } from './lock.js'
import { redo } from './redo.js'
import type { TimingsListener } from './timings.js'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const message = (n: number, vchannel = 'v') => ({ payload: Uint8Array.of(n), vchannel }) as NewMessage
const RESULT = { timeTick: 7n } as AppendResult
const own = (name: string, append: Interceptor['append'], rest: Partial<Interceptor> = {}): Interceptor => ({
  name,
  append,
  ...rest,
})

function chainOf(
  interceptors: readonly Interceptor[],
  { onTimings, now = () => 0 }: { onTimings?: TimingsListener; now?: () => number } = {},
) {
  const logged: { level: string; fields: unknown; text: string }[] = []
  const log = (level: string) => (fields: unknown, text: string) => void logged.push({ level, fields, text })
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
  const chain = new InterceptorChain({
    interceptors,
    lock: new AppendLock(async () => {}),
    timeTick: own('time-tick', (append, next) => next(append.message)),
    channel: 'c',
    where: 'here',
    runtime: { ...systemRuntime, monotonic: now },
    logger,
    onTimings,
  })
  const entered: number[] = []
  const enter = async (given: NewMessage): Promise<AppendResult> => {
    entered.push(given.payload[0] as number)
    return RESULT
  }
  const run = (
    given: NewMessage,
    to: (message: NewMessage) => Promise<AppendResult> = enter,
  ): Promise<AppendResult> =>
    chain.run({
      message: given,
      signal: new AbortController().signal,
      options: {},
      submit: to,
      batchBefore: undefined,
    })
  return { chain, run, entered, logged }
}

test('however long each waits, one vchannel enters and settles in call order; another does not wait for it', async () => {
  let go = (): void => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const waits = [gate, pause(1), pause(5), Promise.resolve(), pause(3)]
  const waiting = own('w', async ({ message: given }, next) => {
    const n = given.payload[0] as number
    await waits[n]
    if (n === 2) throw new Error('refused')
    return next(given)
  })
  const { chain, run, entered } = chainOf([waiting])
  const settled: number[] = []
  const runs = waits.map((_, n) =>
    run(message(n)).then(
      () => settled.push(n),
      () => settled.push(n),
    ),
  )
  await run(message(3, 'other'), async () => RESULT)
  await Promise.all(waits.slice(1))
  assert.deepEqual(settled, [])
  go()
  await Promise.all(runs)
  assert.deepEqual(entered, [0, 1, 3, 4])
  assert.deepEqual(settled, [0, 1, 2, 3, 4])
  await chain.gracefulClose()
})

test('gracefulClose waits for who is inside, also when an interceptor fails to close', async () => {
  let go = (): void => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const { chain, run } = chainOf([
    own('g', (append, next) => gate.then(() => next(append.message)), {
      gracefulClose: () => Promise.reject(new Error('no grace')),
    }),
  ])
  const running = run(message(1))
  let closed = false
  const closing = chain.gracefulClose().finally(() => {
    closed = true
  })
  closing.catch(() => {})
  await pause(5)
  assert.equal(closed, false)
  go()
  await running
  await assert.rejects(closing, { message: 'no grace' })
})

test('close closes every interceptor, whatever fails, and throws what failed first', async () => {
  const closed: string[] = []
  const closing = (name: string, error?: Error): Interceptor =>
    own(name, (append, next) => next(append.message), {
      async close() {
        closed.push(name)
        if (error !== undefined) throw error
      },
    })
  const { chain } = chainOf([
    closing('a'),
    closing('b', new Error('b stuck')),
    closing('c'),
    closing('d', new Error('d stuck')),
  ])
  await assert.rejects(chain.close(), { message: 'b stuck' })
  assert.deepEqual(closed, ['a', 'b', 'c', 'd'])
})

test('after next has resolved nothing fails the append: the result is returned, the error logged', async () => {
  const decorated = { timeTick: 7n, extra: 'more' } as AppendResult
  const decorating = own('decorates', async (append, next) => {
    await next(append.message)
    return decorated
  })
  const failing = own('fails', async (append, next) => {
    await next(append.message)
    throw new Error('too late')
  })
  const silent = own('forgets', async (append, next) => {
    await next(append.message)
    return undefined as unknown as AppendResult
  })
  const hasty = own('does not wait', async (append, next) => {
    void next(append.message)
    return undefined as unknown as AppendResult
  })
  for (const late of [failing, silent, hasty]) {
    const { run, logged, entered } = chainOf([late, decorating])
    assert.equal(await run(message(1)), decorated)
    assert.deepEqual(entered, [1])
    assert.equal(logged.length, 1, late.name)
    assert.match(logged[0]?.text ?? '', new RegExp(`"${late.name}" failed after the message was stored`))
  }
})

test('once the pipeline has the message, only its failure counts', async () => {
  const unknown = new AppendError('WAL_OUTCOME_UNKNOWN', 'who knows', { outcome: 'unknown' })
  const covers = own('covers up', (append, next) => next(append.message).catch(() => RESULT))
  const maps = own('maps', (append, next) =>
    next(append.message).catch(() => {
      throw redo('again')
    }),
  )
  for (const one of [covers, maps]) {
    const { run } = chainOf([{ ...one, place: 'inner' }])
    let tries = 0
    await assert.rejects(
      run(message(1), () => {
        tries++
        return Promise.reject(unknown)
      }),
      unknown,
    )
    assert.equal(tries, 1)
  }
})

test('next is called once; again only after a failure that came before the pipeline', async () => {
  const twice = own('twice', async (append, next) => {
    await next(append.message)
    return next(append.message)
  })
  const both = own('both', async (append, next) => {
    const [result] = await Promise.all([next(append.message), next(append.message)])
    return result
  })
  for (const one of [twice, both]) {
    const { run, entered, logged } = chainOf([one])
    assert.equal(await run(message(1)), RESULT)
    assert.deepEqual(entered, [1])
    const error = (logged[0] as { fields: { err: WalError } }).fields.err
    assert.equal(error.code, 'WAL_INVALID_ARGUMENT')
    assert.match(error.message, new RegExp(`"${one.name}" called next again`))
  }
  let refusals = 2
  const patient = own('patient', async (append, next) => {
    for (;;) {
      try {
        return await next(append.message)
      } catch {}
    }
  })
  const refusing = own('refuses', async (append, next) => {
    if (refusals-- > 0) throw new Error('not yet')
    return next(append.message)
  })
  const { run, entered } = chainOf([patient, refusing])
  assert.equal(await run(message(2)), RESULT)
  assert.deepEqual(entered, [2])
})

test('without next a result of its own is the answer, anything else is an error; a late next stores nothing', async () => {
  let late: (() => Promise<unknown>) | undefined
  const answers = (value: unknown): Interceptor =>
    own('answers', async (append, next) => {
      late = () => next(append.message)
      return value as AppendResult
    })
  const known = { timeTick: 3n } as AppendResult
  const answering = chainOf([answers(known)])
  assert.equal(await answering.run(message(1)), known)
  for (const value of [undefined, null, {}, 'ok']) {
    const { run, entered } = chainOf([answers(value)])
    await assert.rejects(run(message(1)), {
      code: 'WAL_INVALID_ARGUMENT',
      message: /"answers" returned .*AppendResult/,
    })
    await assert.rejects(late?.() ?? Promise.resolve(), { code: 'WAL_INVALID_ARGUMENT' })
    assert.deepEqual(entered, [])
  }
})

test('outer ones run once, inner ones in every turn; an inner one must not move the message', async () => {
  const seen: string[] = []
  const note = (name: string, place: Interceptor['place']): Interceptor =>
    own(
      name,
      (append, next) => {
        seen.push(name)
        return next(append.message)
      },
      { ...(place && { place }) },
    )
  let turns = 0
  const again = own(
    'again',
    (append, next) => {
      if (++turns < 3) throw redo('not yet')
      return next(append.message)
    },
    { place: 'inner' },
  )
  const { run, entered } = chainOf([note('inner', 'inner'), again, note('outer', undefined)])
  assert.equal(await run(message(1)), RESULT)
  assert.deepEqual(seen, ['outer', 'inner', 'inner', 'inner'])
  assert.deepEqual(entered, [1])

  for (const change of [{ vchannel: 'w' }, { type: 1001 }]) {
    const moving = own('moves', (append, next) => next({ ...append.message, ...change }), { place: 'inner' })
    const { run: runMoving, entered: none } = chainOf([moving])
    await assert.rejects(runMoving(message(1)), (error) => {
      assert.ok(WalError.isInstance(error) && error.code === 'WAL_INVALID_ARGUMENT')
      assert.match(error.message, /"moves".*vchannel/)
      return true
    })
    assert.deepEqual(none, [])
  }
})

test('timings: what each took before and after next; slow appends are logged with them', async () => {
  let now = 0
  const takes = (name: string, before: number, after: number): Interceptor =>
    own(name, async (append, next) => {
      now += before
      const result = await next(append.message)
      now += after
      return result
    })
  const heard: unknown[] = []
  const { run, logged } = chainOf([takes('a', 10, 20), takes('b', 300, 4000)], {
    now: () => now,
    onTimings: (timings, totalMs) =>
      heard.push([totalMs, timings.filter(({ name }) => name === 'a' || name === 'b')]),
  })
  await run(message(1), async () => {
    now += 50
    return RESULT
  })
  const expected = [
    { name: 'a', beforeMs: 10, afterMs: 20 },
    { name: 'b', beforeMs: 300, afterMs: 4000 },
  ]
  assert.deepEqual(heard, [[4380, expected]])
  assert.equal(logged.length, 1)
  assert.match(logged[0]?.text ?? '', /slow append/)
  const { interceptors } = (logged[0] as { fields: { interceptors: { name: string }[] } }).fields
  assert.deepEqual(
    interceptors.map(({ name }) => name),
    ['a', 'b', 'call-order', 'redo', 'lock', 'time-tick'],
  )
})
