import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { test } from 'vitest'
import { type AppendResult, type Interceptor, openWal } from '../src/index.js'
import { cleanLogs, collect, message, open, SMALL, texts } from './harness.js'

cleanLogs()

/** An interceptor that adds to the result with a spread, as users write it. */
const adds = (name: string, extra: (inner: unknown) => unknown): Interceptor => ({
  name,
  async append({ message }, next) {
    const result = await next(message)
    return { ...result, extra: extra(result.extra) }
  },
})

function errors() {
  const logged: unknown[] = []
  const nothing = () => {}
  const error = (fields: object, text: string) => void logged.push(text, fields)
  return { logged, logger: { debug: nothing, info: nothing, warn: nothing, error } }
}

const whole = ({ position, timeTick, messageId, vchannel }: AppendResult) => ({
  position,
  timeTick,
  messageId,
  vchannel,
})

test('H157: an interceptor adds `extra` with a spread of the result, and the rest of the result stays', async () => {
  const { logged, logger } = errors()
  const wal = await open({ logger, interceptors: [adds('counts', () => ({ rows: 3 }))] })
  const result = await wal.append(message('x', { vchannel: 'v' }))
  assert.deepEqual(result.extra, { rows: 3 })
  const [stored] = await collect(wal.read({ until: 'end' }))
  assert.deepEqual(whole(result), {
    position: stored?.position,
    timeTick: stored?.timeTick,
    messageId: stored?.messageId,
    vchannel: 'v',
  })
  assert.equal(
    JSON.stringify(result),
    JSON.stringify({ ...whole(result), timeTick: String(result.timeTick) }),
  )
  assert.match(inspect(result), /extra: \{ rows: 3 \}/)
  assert.deepEqual(logged, [])
})

test('an interceptor sees the extra of those further inside, and that of the outermost reaches the caller', async () => {
  const { logged, logger } = errors()
  const outer = adds('outer', (inner) => ['outer', inner])
  const passes: Interceptor = {
    name: 'passes a spread on',
    append: async ({ message }, next) => ({ ...(await next(message)) }),
  }
  const wal = await open({ logger, interceptors: [outer, passes, adds('inner', () => 'inner')] })
  const [one, two] = await wal.appendBatch([message('1'), message('2')])
  assert.deepEqual(one?.extra, ['outer', 'inner'])
  assert.ok((two?.timeTick as bigint) > (one?.timeTick as bigint))
  assert.deepEqual(logged, [])
})

test('outer interceptors do not change a result object that an inner one returns several times', async () => {
  let known: AppendResult | undefined
  const remembers: Interceptor = {
    name: 'remembers',
    append: async ({ message }, next) => {
      known ??= await next(message)
      return known
    },
  }
  let calls = 0
  const wal = await open({ interceptors: [adds('counts', () => ++calls), remembers] })
  const first = await wal.append(message('once'))
  const again = await wal.append(message('once'))
  assert.deepEqual([first.extra, again.extra], [1, 2])
  assert.deepEqual(whole(again), whole(first))
  assert.equal(known?.extra, undefined)
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['once'])
})

test('when an interceptor returns neither a result nor a spread of one, the error says so and that the append succeeded', async () => {
  const { logged, logger } = errors()
  for (const [i, value] of [undefined, null, 5, {}, { rows: 3 }].entries()) {
    logged.length = 0
    const wal = await openWal('memory:', {
      channel: `log-${i}`,
      logger,
      ...SMALL,
      interceptors: [
        {
          name: 'odd',
          append: async ({ message }, next) => {
            await next(message)
            return value as never
          },
        },
      ],
    })
    const result = await wal.append(message('x'))
    assert.equal(typeof result.timeTick, 'bigint')
    assert.equal(result.extra, undefined)
    assert.match(String(logged[0]), /interceptor "odd" failed after the message was stored/)
    await wal.close()
  }
})
