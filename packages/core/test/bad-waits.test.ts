import assert from 'node:assert/strict'
import { onTestFinished, test } from 'vitest'
import { mustGetBuilder, type NewMessage, openWal } from '../src/index.js'
import { cleanLogs, message, open, openReader, SMALL } from './harness.js'

cleanLogs()

type Call = (options: unknown) => unknown

/** The text of the error that a call throws or rejects with. */
async function refusalOf(call: Call, options: unknown): Promise<unknown> {
  try {
    await call(options)
    return undefined
  } catch (error) {
    return error
  }
}

/** Every public call that takes options with a signal. */
async function calls(): Promise<Record<string, Call>> {
  const opener = await mustGetBuilder('memory').build({})
  onTestFinished(() => opener.close())
  const wal = await open()
  const intercepted = await open({
    channel: 'intercepted',
    interceptors: [{ name: 'passes', append: (append, next) => next(append.message) }],
  })
  const { position } = await wal.append(message('a'))
  const reader = await openReader()
  const token = `append:${position}`
  const batch: NewMessage[] = [message('b')]
  return {
    openWal: (options) => openWal('memory:', mixed(options, { channel: 'other', ...SMALL })),
    build: (options) => mustGetBuilder('memory').build({}, options as never),
    open: (options) => opener.open(mixed(options, { channel: { name: 'other' }, ...SMALL })),
    list: (options) => opener.list(options as never),
    delete: (options) => opener.delete('log', options as never),
    append: (options) => wal.append(message('b'), options as never),
    'append through an interceptor': (options) => intercepted.append(message('b'), options as never),
    appendBatch: (options) => wal.appendBatch(batch, options as never),
    'appendBatch of none': (options) => wal.appendBatch([], options as never),
    'appendBatch through an interceptor': (options) => intercepted.appendBatch(batch, options as never),
    appendAll: (options) => wal.appendAll(batch, options as never).next(),
    barrier: (options) => wal.barrier(options as never),
    truncate: (options) => wal.truncate(position, options as never),
    resolve: (options) => wal.resolve(token, options as never),
    'resolve of a read-only log': (options) => reader.resolve(token, options as never),
    read: (options) => wal.read(options as never),
    'read of a read-only log': (options) => reader.read(options as never),
  }
}

/** The calls whose options have more than a signal. */
function mixed<O extends object>(given: unknown, own: O): O & { accessMode?: 'rw' } {
  return (typeof given === 'object' && given !== null ? { ...own, ...given } : given) as never
}

const BAD: unknown[] = [
  null,
  5,
  'abort',
  () => {},
  { signal: null },
  { signal: 5 },
  { signal: {} },
  { signal: new AbortController() },
  { signal: new EventTarget() },
  { signl: AbortSignal.timeout(1000) },
]

test('H143: every call rejects options that are no object and a signal that is no signal with WAL_INVALID_ARGUMENT', async () => {
  for (const [name, call] of Object.entries(await calls()))
    for (const [i, options] of BAD.entries()) {
      const error = (await refusalOf(call, options)) as { code?: string; message: string } | undefined
      assert.equal(error?.code, 'WAL_INVALID_ARGUMENT', `${name}, case ${i}: ${error}`)
    }
})

test('the error for an AbortController in place of its signal says so', async () => {
  const wal = await open()
  await assert.rejects(wal.truncate('x', { signal: new AbortController() as never }), {
    message: /"signal" of truncate must be an AbortSignal: give `controller.signal`/,
  })
})

test('a call’s options may be left out, be undefined, be empty or hold no signal', async () => {
  const every = await calls()
  for (const options of [undefined, {}, { signal: undefined }])
    for (const name of ['list', 'append', 'appendBatch', 'appendAll', 'barrier', 'truncate', 'read'])
      assert.equal(await refusalOf(every[name] as Call, options), undefined, name)
})

test('H144: a misspelt option of an open is told with its nearest, and a channel left out as left out', async () => {
  const refusal = async (call: () => Promise<unknown>): Promise<string> =>
    ((await refusalOf(call, undefined)) as Error).message
  assert.match(
    await refusal(() => openWal('memory:', { channel: 'log', acessMode: 'ro' } as never)),
    /^"acessMode" is not an option of openWal; did you mean "accessMode"\? Options: accessMode, .*channel, .*term/,
  )
  assert.match(
    await refusal(() => openWal('memory:', { chanel: 'log' } as never)),
    /^"chanel" is not an option of openWal; did you mean "channel"\?/,
  )
  for (const options of [{}, { channel: undefined }])
    assert.match(
      await refusal(() => openWal('memory:', options as never)),
      /^The option "channel" of openWal is missing\. The name of the log, /,
    )
  const opener = await mustGetBuilder('memory').build({})
  onTestFinished(() => opener.close())
  assert.match(
    await refusal(() => opener.open({ channel: { name: 'log', trem: 3 } } as never)),
    /^"trem" is not an option of the channel; did you mean "term"\? Options: accessMode, name, term\.$/,
  )
  assert.match(
    await refusal(() => opener.open({ chanel: { name: 'log' } } as never)),
    /did you mean "channel"\?.* openTimeoutMs, /,
  )
  assert.match(
    await refusal(() => opener.open({ channel: {} } as never)),
    /^The option "name" of the channel is missing\. The name of the log, /,
  )
  assert.match(await refusal(() => opener.open({} as never)), /^The option "channel" of open is missing/)
})
