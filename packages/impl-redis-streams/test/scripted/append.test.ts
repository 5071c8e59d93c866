import { batchOf } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { replyError, turn } from './scripted-connection.js'
import { BASE, ScriptedLog, type ScriptedWriter, told, WRITER_TEXT, words } from './scripted-log.js'

/** Sends batches of one message and answers the first so many, `ok` each. */
async function batches(log: ScriptedLog, writer: ScriptedWriter, count: number) {
  const outcomes = Array.from({ length: count }, () => writer.append(1))
  const sent = []
  for (let i = 0; i < count; i++) sent.push(await log.nextAppend())
  return { outcomes: outcomes.map((outcome) => outcome.then(told)), sent }
}

const ok = words('ok', `${BASE}`)

test('the first batch takes the fence, and no other is sent before its answer', async () => {
  const log = new ScriptedLog()
  const writer = await log.writer()
  const first = writer.append(2)
  const second = writer.append(1)
  const opening = await log.nextAppend()
  expect(opening.batch).toMatchObject({
    writer: WRITER_TEXT,
    sequence: 0,
    claim: 'yes',
    previous: '',
    base: '',
  })
  await turn()
  expect(log.redis.count('append')).toBe(1)
  opening.reply(ok)
  expect(await first).toBe(`${BASE}-0 ${BASE}-1`)
  const next = await log.nextAppend()
  expect(next.batch).toMatchObject({ claim: 'no', previous: `${BASE}-1`, base: BASE })
  next.reply(ok)
  expect(await second).toBe(`${BASE}-2`)
})

test('several batches are in flight, each naming the id before it', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const { outcomes, sent } = await batches(log, writer, 3)
  expect(sent.map(({ batch }) => batch.previous)).toEqual([`${BASE}-0`, `${BASE}-1`, `${BASE}-2`])
  for (const command of sent) command.reply(ok)
  expect(await Promise.all(outcomes)).toEqual([`${BASE}-1`, `${BASE}-2`, `${BASE}-3`])
})

test('answers that come in another order are told in the order of the batches', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const order: number[] = []
  const { outcomes, sent } = await batches(log, writer, 3)
  for (const [i, outcome] of outcomes.entries()) void outcome.then(() => order.push(i))
  for (const command of [...sent].reverse()) {
    command.reply(ok)
    await turn()
  }
  await Promise.all(outcomes)
  expect(order).toEqual([0, 1, 2])
})

test('more batches than the limit are refused and not sent', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork({ maxInFlightBatches: 2 })
  const { outcomes, sent } = await batches(log, writer, 2)
  const third = writer.append(1)
  await turn()
  expect(log.redis.count('append')).toBe(3)
  for (const command of sent) command.reply(ok)
  await Promise.all(outcomes)
  expect(told(await third)).toBe('not-written: WAL_INVALID_ARGUMENT')
})

test('a batch behind one that was refused is not stored, and both are sent again in order', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const [one, two] = [writer.batch(1), writer.batch(1)]
  const outcomes = [one, two].map((batch) => writer.send(batch).then(told))
  const first = await log.nextAppend()
  const second = await log.nextAppend()
  first.fail(replyError("OOM command not allowed when used memory > 'maxmemory'."))
  second.reply(words('behind', `${BASE}-0`))
  expect(await Promise.all(outcomes)).toEqual([
    'not-written: WAL_STORAGE_FULL',
    'not-written: WAL_UNAVAILABLE',
  ])
  const again = [one, two].map((batch) => writer.send(batch))
  const firstAgain = await log.nextAppend()
  const secondAgain = await log.nextAppend()
  expect(firstAgain.batch).toMatchObject({ sequence: 1, previous: `${BASE}-0` })
  expect(secondAgain.batch).toMatchObject({ sequence: 2, previous: `${BASE}-1` })
  firstAgain.reply(ok)
  secondAgain.reply(ok)
  expect(await Promise.all(again)).toEqual([`${BASE}-1`, `${BASE}-2`])
})

test('a success behind a lost answer is unknown: it proves the batch before it, whose outcome is told already', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const { outcomes, sent } = await batches(log, writer, 2)
  sent[1]?.reply(ok)
  sent[0]?.fail(new Error('Connection is closed.'))
  expect(await Promise.all(outcomes)).toEqual(['unknown: WAL_UNAVAILABLE', 'unknown: WAL_UNAVAILABLE'])
})

test('a batch handed in while one fails names the last acknowledged id', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const first = writer.batch(1)
  const failed = writer.send(first)
  ;(await log.nextAppend()).fail(replyError('TRYAGAIN Multiple keys request during rehashing of slot'))
  expect(told(await failed)).toBe('not-written: WAL_UNAVAILABLE')
  void writer.send(first)
  expect((await log.nextAppend()).batch.previous).toBe(`${BASE}-0`)
})

test('a batch whose answer was lost stays unknown, though it is refused when it is sent again', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const batch = writer.batch(1)
  const lost = writer.send(batch)
  await log.nextAppend()
  log.redis.lose()
  expect(told(await lost)).toBe('unknown: WAL_UNAVAILABLE')
  log.redis.restore()
  const refused = writer.send(batch)
  ;(await log.nextAppend()).fail(replyError('LOADING Redis is loading the dataset in memory'))
  expect(told(await refused)).toBe('unknown: WAL_UNAVAILABLE')
  const found = writer.send(batch)
  ;(await log.nextAppend()).reply(ok)
  expect(await found).toBe(`${BASE}-1`)
  // The doubt is gone: the next refusal of that number is certain.
  const next = writer.append(1)
  ;(await log.nextAppend()).fail(replyError('LOADING Redis is loading the dataset in memory'))
  expect(told(await next)).toBe('not-written: WAL_UNAVAILABLE')
})

test('a batch that cannot be encoded is refused behind those in flight, and the next one waits for it', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const order: string[] = []
  const note = (name: string) => (outcome: Awaited<ReturnType<ScriptedWriter['append']>>) => {
    order.push(`${name} ${told(outcome)}`)
  }
  const before = writer.append(1).then(note('before'))
  const bad = writer.batch(1)
  const reserved = [{ payload: Buffer.from('x'), properties: ['_payload', 'mine'] }]
  const refused = writer.send(batchOf(bad.sequence, reserved)).then(note('reserved'))
  const behind = writer.append(1).then(note('behind'))
  await turn()
  expect(order).toEqual([])
  expect(log.redis.count('append')).toBe(2)
  ;(await log.nextAppend()).reply(ok)
  await Promise.all([before, refused, behind])
  expect(order).toEqual([
    `before ${BASE}-1`,
    'reserved not-written: WAL_INVALID_ARGUMENT',
    'behind not-written: WAL_UNAVAILABLE',
  ])
  expect(log.redis.count('append')).toBe(2)
})

test('an answer that does not come in time is unknown, and a later answer changes nothing', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork({ requestTimeoutMs: 1000 })
  const batch = writer.batch(1)
  const late = writer.send(batch)
  const command = await log.nextAppend()
  await log.runtime.advance(1001)
  const outcome = await late
  expect(told(outcome)).toBe('unknown: WAL_UNAVAILABLE')
  expect(String(outcome)).toContain('no answer within 1000 ms')
  command.reply(ok)
  await turn()
  const again = writer.send(batch)
  const second = await log.nextAppend()
  expect(second.batch).toMatchObject({ sequence: 1, previous: `${BASE}-0` })
  second.reply(ok)
  expect(await again).toBe(`${BASE}-1`)
})

test('a server that has forgotten a script is given its source, once', async () => {
  const log = new ScriptedLog()
  const writer = await log.writerAtWork()
  const outcome = writer.append(1)
  ;(await log.nextAppend()).fail(replyError('NOSCRIPT No matching script. Please use EVAL.'))
  const whole = await log.nextAppend()
  expect(whole.withSource).toBe(true)
  whole.reply(ok)
  expect(await outcome).toBe(`${BASE}-1`)
})
