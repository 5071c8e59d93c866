import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { resetMemory } from '@wal/core/testing'
import { afterEach, test } from 'vitest'
import { type AppendBatchError, type Interceptor, type NewMessage, openWal, type WAL } from '../src/index.js'

const opened: WAL[] = []
afterEach(async () => {
  for (const wal of opened.splice(0)) await wal.close()
  resetMemory()
})

async function open(interceptor?: Interceptor): Promise<WAL> {
  const interceptors = interceptor === undefined ? [] : [interceptor]
  const wal = await openWal('memory:', { channel: 'batches', interceptors })
  opened.push(wal)
  return wal
}

const message = (text: string): NewMessage => ({ payload: Buffer.from(text), vchannel: text[0] as string })
async function stored(wal: WAL): Promise<string[]> {
  const texts: string[] = []
  for await (const { payload } of wal.read({ until: 'end' })) texts.push(Buffer.from(payload).toString())
  return texts
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const slowOnA: Interceptor = {
  name: 'slow on a',
  async append({ message }, next) {
    if (message.vchannel === 'a') await pause(30)
    return next(message)
  },
}

test('appendBatch through interceptors keeps the order of its messages over vchannels, in the log and in its results', async () => {
  const wal = await open(slowOnA)
  const batch = wal.appendBatch([message('a1'), message('b1'), message('a2')])
  const behind = wal.append(message('b2'))
  const results = await batch
  assert.deepEqual(
    results.map(({ vchannel }) => vchannel),
    ['a', 'b', 'a'],
  )
  assert.ok(results.every(({ timeTick }, i) => i === 0 || timeTick > (results[i - 1]?.timeTick ?? 0n)))
  await behind
  const order = await stored(wal)
  assert.deepEqual(
    order.filter((text) => text !== 'b2'),
    ['a1', 'b1', 'a2'],
  )
  assert.ok(order.indexOf('b2') > order.indexOf('b1'), 'overtaken on its own vchannel')
})

test('a message that an interceptor refuses makes those behind it in the batch fail, and the error has the results of those before', async () => {
  const wal = await open({
    name: 'no b',
    async append({ message }, next) {
      if (message.vchannel === 'b') throw new Error('no b today')
      return next(message)
    },
  })
  await assert.rejects(
    wal.appendBatch([message('a1'), message('b1'), message('c1')]),
    (error: AppendBatchError) => {
      assert.equal(error.code, 'WAL_INVALID_ARGUMENT')
      assert.equal(error.outcome, 'not-written')
      assert.match(error.message, /1 of 3 .*no b today/)
      assert.deepEqual(
        error.results.map(({ vchannel }) => vchannel),
        ['a'],
      )
      return true
    },
  )
  assert.deepEqual(await stored(wal), ['a1'])
  await assert.rejects(wal.appendBatch([message('b1'), message('a1')]), /no b today/)
  assert.deepEqual(await stored(wal), ['a1'])
  await wal.append(message('c2'))
  assert.deepEqual(await stored(wal), ['a1', 'c2'])
})

test('a misspelt field of a message and options that are no object are refused', async () => {
  const wal = await open()
  const misspelt = { payload: Buffer.from('x'), vChannel: 'eu' }
  await assert.rejects(wal.append(misspelt as NewMessage), {
    code: 'WAL_INVALID_ARGUMENT',
    message: /"vChannel"/,
  })
  await assert.rejects(wal.append(message('a'), null as never), { code: 'WAL_INVALID_ARGUMENT' })
  assert.deepEqual(await stored(wal), [])
})

test('console.log shows the contents of a message and a result', async () => {
  const wal = await open()
  const result = await wal.append(message('eu'))
  assert.match(inspect(result), /position: 'wal1:memory:.*timeTick: \d+n/s)
  for await (const delivered of wal.read({ until: 'end' }))
    assert.match(inspect(delivered), /vchannel: 'e'.*payload:/s)
})
