import assert from 'node:assert/strict'
import { metrics, trace } from '@opentelemetry/api'
import type { WALImpls } from '@wal/walimpls'
import { onTestFinished, test } from 'vitest'
import type { AppendError, Logger } from '../src/index.js'
import { cleanLogs, faulty, message, open, openReader, pause, texts, within } from './harness.js'
import { overMemory } from './over-memory.js'

cleanLogs()

/** The unhandled rejections while the test runs. */
function unhandled(): unknown[] {
  const found: unknown[] = []
  const listen = (reason: unknown) => void found.push(reason)
  const before = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', listen)
  onTestFinished(() => {
    process.off('unhandledRejection', listen)
    for (const each of before) process.on('unhandledRejection', each)
  })
  return found
}

const failure = (append: Promise<unknown>): Promise<AppendError> =>
  within(
    append.then(
      () => assert.fail('it was acknowledged'),
      (error) => error,
    ),
  )

type Ids = Awaited<ReturnType<WALImpls['append']>>

/** A writer whose backend answers an append of two messages with something other than their two ids. */
async function endsBy(answer: (ids: Ids) => unknown, expected: RegExp): Promise<void> {
  const rejections = unhandled()
  let broken = false
  const builder = overMemory((log) => ({
    append: async (batch) => {
      const ids = await log.append(batch)
      return (broken ? answer(ids) : ids) as never
    },
  }))
  const wal = await open({ builder, timeTickMs: 60_000 })
  await wal.append(message('before'))
  broken = true
  const appends = [wal.append(message('1')), wal.append(message('2'))]
  const behind = new Promise<AppendError>((resolve) =>
    setImmediate(() => resolve(failure(wal.append(message('3'))))),
  )
  for (const each of appends) {
    const error = await failure(each)
    assert.equal(error.code, 'WAL_CORRUPT')
    assert.equal(error.outcome, 'unknown')
    assert.match(error.message, expected)
    assert.equal(typeof error.token, 'string')
  }
  assert.equal((await behind).code, 'WAL_CORRUPT')
  assert.equal(wal.signal.reason.code, 'WAL_CORRUPT')
  await pause(5)
  assert.deepEqual(rejections, [])
  // The messages were stored nevertheless, so the next writer reads them.
  const next = await open()
  const { token } = (await failure(appends[0] as Promise<unknown>)) as { token: string }
  assert.equal((await next.resolve(token)).outcome, 'written')
}

test('H138: a backend that answers no id for a message ends the writer, and each append has its outcome', () =>
  endsBy((ids) => [undefined, ids[1]], /answered undefined as the id of message 0/))

const answers: [string, (ids: Ids) => unknown, RegExp][] = [
  ['nothing', () => undefined, /answered undefined for 2 messages/],
  ['no list', () => 5, /answered 5 for 2 messages/],
  ['too few ids', (ids) => ids.slice(1), /answered 1 ids for 2 messages/],
  ['null for the last', (ids) => [ids[0], null], /answered null as the id of message 1/],
  ['text', (ids) => ids.map(() => 'abc'), /answered "abc" as the id of message 0/],
  [
    'ids of another backend',
    (ids) => ids.map(() => ({ backend: 'other', value: 1 })),
    /a value of type object/,
  ],
]
for (const [what, answer, expected] of answers)
  test(`a backend that answers ${what} ends the writer, and each append has its outcome`, () =>
    endsBy(answer, expected))

test('a backend whose limits throw ends the writer, not the process', async () => {
  const rejections = unhandled()
  let broken = false
  const builder = overMemory((log) => ({
    get limits() {
      return log.limits
    },
    append: (batch) => log.append(batch),
  }))
  const inner = builder.build.bind(builder)
  builder.build = async (...given) => {
    const opener = await inner(...given)
    const openLog = opener.open.bind(opener)
    opener.open = async (...args) => {
      const log = await openLog(...args)
      return new Proxy(log, {
        get(target, name) {
          if (broken && name === 'limits') throw new Error('no limits any more')
          return Reflect.get(target, name)
        },
      })
    }
    return opener
  }
  const wal = await open({ builder, timeTickMs: 60_000 })
  const append = wal.append(message('1'))
  broken = true
  const error = await failure(append)
  assert.match(error.message, /can't be written any more/)
  assert.equal((wal.signal.reason.cause as Error).message, 'no limits any more')
  await pause(5)
  assert.deepEqual(rejections, [])
})

const throwing = (): never => {
  throw new Error('the disk of the logs is full')
}

async function endsNothing(log: Logger['warn']): Promise<void> {
  const rejections = unhandled()
  const backend = faulty()
  // An open logs its warnings before the log is used. After that nothing depends on the logger.
  let opened = false
  const afterOpen = (...parameters: Parameters<Logger['warn']>) => (opened ? log(...parameters) : undefined)
  const logger: Logger = { debug: afterOpen, info: afterOpen, warn: afterOpen, error: afterOpen }
  const wal = await open({ builder: backend.builder, logger })
  const reader = await openReader({ builder: backend.builder, logger })
  opened = true
  backend.plan = {
    script: { append: { 1: 'fail', 2: 'write-then-fail', 3: 'fence' }, next: { 1: 'fail' } },
  }
  await within(wal.append(message('1')), 10_000)
  assert.deepEqual(await within(texts(wal.read({ until: 'end' })), 10_000), ['1'])
  assert.deepEqual(await within(texts(reader.read({ until: 'end' })), 10_000), ['1'])
  assert.ok(backend.counts.fail > 0 && backend.counts.fence > 0)
  backend.plan = {}
  // A newer writer ends this one, which is logged too.
  const next = await open()
  assert.equal((await failure(wal.append(message('2')))).code, 'WAL_FENCED')
  assert.deepEqual(await texts(next.read({ until: 'end' })), ['1'])
  await within(wal.close())
  await within(reader.close())
  await pause(5)
  assert.deepEqual(rejections, [])
}

test('H139: a logger that throws ends no writer, no reader, no close and no open', () =>
  endsNothing(throwing))

test('a logger whose promise rejects ends no writer, no reader, no close and no open', () =>
  endsNothing(async () => throwing()))

test('when the collector of spans and measurements throws, no outcome changes and no batch is sent twice', async () => {
  const rejections = unhandled()
  const broken = (): never => {
    throw new Error('the collector is broken')
  }
  let fails = false
  const instrument = { add: () => fails && broken(), record: () => fails && broken() }
  const meter = {
    createCounter: () => instrument,
    createHistogram: () => instrument,
    createObservableGauge: () => ({}),
    addBatchObservableCallback() {},
    removeBatchObservableCallback() {},
  }
  const span = {
    setAttribute: broken,
    setAttributes: broken,
    setStatus: broken,
    end: broken,
    isRecording: () => false,
  }
  const startSpan = () => (fails ? broken() : span)
  metrics.setGlobalMeterProvider({ getMeter: () => meter } as never)
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan: broken }) } as never)
  onTestFinished(() => {
    metrics.disable()
    trace.disable()
  })
  const backend = faulty()
  const interceptor = {
    name: 'measured',
    append: (append: never, next: (message: never) => never) => next((append as { message: never }).message),
  }
  const plain = await open({ builder: backend.builder })
  const intercepted = await open({
    channel: 'intercepted',
    builder: backend.builder,
    interceptors: [interceptor as never],
  })
  for (fails of [false, true])
    for (const wal of [plain, intercepted]) {
      backend.plan = { script: { append: { 1: 'fail' } } }
      const results = await within(Promise.all(['1', '2'].map((each) => wal.append(message(each)))))
      assert.equal(results.length, 2)
      await assert.rejects(wal.append(message('x'), { signal: AbortSignal.abort(new Error('no')) }), {
        message: 'no',
      })
    }
  assert.deepEqual(await texts(plain.read({ until: 'end' })), ['1', '2', '1', '2'])
  await within(plain.close())
  await within(intercepted.close())
  await pause(5)
  assert.deepEqual(rejections, [])
})
