import assert from 'node:assert/strict'
import { test } from 'vitest'
import {
  type AppendError,
  type AppendResult,
  type Interceptor,
  type NewMessage,
  openWal,
  registerMessageType,
  type WAL,
} from '../src/index.js'
import { cleanLogs, faulty, message, open, pause, texts, within } from './harness.js'

cleanLogs()

registerMessageType({ number: 7201, name: 'AppendAllExclusive', exclusive: true })

/** The results that a loop over `appendAll` gave, and the error with which it rejected. */
async function load(wal: WAL, source: Iterable<NewMessage> | AsyncIterable<NewMessage>, options = {}) {
  const results: AppendResult[] = []
  let error: AppendError | undefined
  const loading = (async () => {
    for await (const result of wal.appendAll(source, options)) results.push(result)
  })()
  await within(loading).catch((reason: unknown) => {
    error = reason as AppendError
  })
  return { results, error }
}

const names = (count: number) => Array.from({ length: count }, (_, i) => message(`${i}`))
const tooLarge = { payload: new Uint8Array(10_000) }
const refuses: Interceptor = {
  name: 'refuses some',
  append: async (append, next) => {
    if (append.message.payload.length === 3) throw new Error('no such message today')
    return next(append.message)
  },
}

interface Refused {
  readonly message: NewMessage
  readonly options?: object
  readonly code?: string
  readonly text?: RegExp
}

async function resultsBefore({ message: refused, options, code, text }: Refused): Promise<void> {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, backend: { maxRecordBytes: 8192 }, ...options })
  // The messages before the refused one are already in flight when that one is refused.
  backend.plan = { script: { append: { 1: 'delay' } } }
  const { results, error } = await load(wal, [...names(5), refused, message('behind')])
  if (code !== undefined) assert.equal(error?.code, code)
  if (text !== undefined) assert.match(error?.message ?? '', text)
  // An interceptor that refuses a message late has let the messages behind it go on, so these are stored.
  const stored = (await texts(wal.read({ until: 'end' }))).filter((each) => each !== 'behind')
  assert.deepEqual(stored, ['0', '1', '2', '3', '4'])
  assert.equal(results.length, stored.length)
  const [first] = results
  const again = await texts(wal.read({ from: first?.position as string, until: 'end' }))
  assert.equal(again[0], '0')
}

test('H137: appendAll gives the results of what was stored before a message that is too large', () =>
  resultsBefore({ message: tooLarge, code: 'WAL_MESSAGE_TOO_LARGE' }))

test('appendAll gives the results of what was stored before a malformed message', async () => {
  await resultsBefore({ message: { payload: 'text' } as never, code: 'WAL_INVALID_ARGUMENT' })
  const options = { channel: 'another' }
  await resultsBefore({ message: undefined as never, options, code: 'WAL_INVALID_ARGUMENT' })
})

test('appendAll gives the results of what was stored before a message that an interceptor refuses', () =>
  resultsBefore({ message: message('bad'), options: { interceptors: [refuses] }, text: /no such message/ }))

test('appendAll gives the results of what was stored before an exclusive message that is refused', () =>
  resultsBefore({ message: { ...tooLarge, type: 7201 }, code: 'WAL_MESSAGE_TOO_LARGE' }))

test('when a message fails and a later one is refused, appendAll rejects with the failure, which has a token', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, backend: { maxRecordBytes: 8192 } })
  backend.plan = { script: { append: () => backend.hang() } }
  const { results, error } = await load(wal, [...names(2), tooLarge], { timeoutMs: 30 })
  assert.equal(results.length, 0)
  assert.equal(error?.code, 'WAL_OUTCOME_UNKNOWN')
  assert.equal(typeof error?.token, 'string')
  backend.plan = {}
  backend.letGo()
  assert.equal((await within(wal.resolve(error?.token as string))).outcome, 'written')
})

test('when the source throws, appendAll first gives the results of all messages that the source gave', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  backend.plan = { script: { append: { 1: 'delay' } } }
  async function* source() {
    yield* names(3)
    throw new Error('the file ends in the middle')
  }
  const { results, error } = await load(wal, source())
  assert.equal(results.length, 3)
  assert.equal(error?.message, 'the file ends in the middle')
})

test('a slow loop also gets all results before the refusal', async () => {
  const wal = await openWal('memory:?maxRecordBytes=8192', { channel: 'slow' })
  const results: AppendResult[] = []
  const slow = (async () => {
    for await (const result of wal.appendAll([...names(20), tooLarge])) {
      results.push(result)
      await pause(1)
    }
  })()
  await assert.rejects(within(slow), { code: 'WAL_MESSAGE_TOO_LARGE' })
  assert.equal(results.length, 20)
  await wal.close()
})
