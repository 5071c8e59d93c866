import assert from 'node:assert/strict'
import { simulatedRuntime } from '@wal/core/testing'
import { expect, test } from 'vitest'
import { AppendError, openWal, systemRuntime, WalError } from '../src/index.js'
import { cleanLogs, faulty, isPending, message, open, openReader, texts, turn, within } from './harness.js'

cleanLogs()

/** The error of the file backend on a full disk. */
function fullDisk(): AppendError {
  const cause = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  const text = `appending to /data/orders failed: ${cause.message}. The disk is full: free space.`
  return new AppendError('WAL_UNAVAILABLE', text, { outcome: 'not-written', retryable: true, cause })
}

const NAMES_THE_DISK = /The last failure: appending to \/data\/orders failed: ENOSPC: no space left on device/

interface Line {
  readonly level: string
  readonly fields: { readonly err?: unknown; readonly failures?: number; readonly forMs?: number }
  readonly text: string
}

function lines() {
  const logged: Line[] = []
  const at = (level: string) => (fields: object, text: string) => void logged.push({ level, fields, text })
  return { logged, logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } }
}

test('H148: when a deadline passes while the backend fails, the error names the last failure in its text and as its cause', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  const failure = fullDisk()
  backend.plan = { script: { append: () => failure } }
  const sent = wal.append(message('sent'), { timeoutMs: 60 })
  await turn()
  const outcomes = await within(
    Promise.allSettled([
      sent,
      wal.append(message('queued'), { timeoutMs: 60 }),
      wal.appendBatch([message('b')], { timeoutMs: 60 }),
      wal.barrier({ timeoutMs: 60 }),
    ]),
  )
  const errors = outcomes.map((each) => (each as PromiseRejectedResult).reason as AppendError)
  assert.deepEqual(
    errors.map(({ code, outcome }) => [code, outcome]),
    [
      ['WAL_OUTCOME_UNKNOWN', 'unknown'],
      ['WAL_TIMEOUT', 'not-written'],
      ['WAL_TIMEOUT', 'not-written'],
      ['WAL_TIMEOUT', 'not-written'],
    ],
  )
  for (const error of errors) {
    assert.match(error.message, NAMES_THE_DISK)
    const { cause } = error.name === 'AppendBatchError' ? (error.cause as Error) : error
    assert.equal(cause, failure)
  }
  backend.plan = {}
})

test('an abort while the backend fails keeps its reason as the cause, and the text tells the failure', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  backend.plan = { script: { append: () => fullDisk() } }
  const controller = new AbortController()
  const append = wal.append(message('sent'), { signal: controller.signal })
  assert.equal(await isPending(append), true)
  const reason = new Error('enough')
  controller.abort(reason)
  await assert.rejects(within(append), {
    code: 'WAL_OUTCOME_UNKNOWN',
    cause: reason,
    message: NAMES_THE_DISK,
  })
  backend.plan = {}
})

test('when the backend only does not answer, the error names no failure', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  backend.plan = { script: { append: ({ number }) => (number === 1 ? fullDisk() : undefined) } }
  await within(wal.append(message('stored in the end')))
  backend.plan = { script: { append: () => backend.hang() } }
  await assert.rejects(within(wal.append(message('hangs'), { timeoutMs: 30 })), (error: AppendError) => {
    assert.equal((error.cause as WalError).code, 'WAL_TIMEOUT')
    assert.doesNotMatch(error.message, /last failure/)
    return true
  })
  backend.letGo()
})

test('appends that a close leaves undone reject with the failure after which they were tried again', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, closeTimeoutMs: 30 })
  const failure = fullDisk()
  backend.plan = { script: { append: () => failure } }
  const append = wal.append(message('a'))
  append.catch(() => {})
  await turn()
  await within(wal.close())
  await assert.rejects(append, {
    code: 'WAL_CLOSED',
    cause: failure,
    message: NAMES_THE_DISK,
    retryable: false,
  })
})

test('the errors of truncate and of appends in an interceptor name the failure during which they waited', async () => {
  const backend = faulty()
  const wal = await open({
    builder: backend.builder,
    appendTimeoutMs: 60,
    interceptors: [
      {
        name: 'waits',
        append: async ({ message, signal }, next) => {
          if (message.vchannel === 'waits')
            await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
          return next(message)
        },
      },
    ],
  })
  const { position } = await wal.append(message('a'))
  const failure = fullDisk()
  backend.plan = { script: { append: () => failure } }
  const waiting = wal.append(message('b', { vchannel: 'waits' }))
  waiting.catch(() => {})
  await assert.rejects(within(wal.truncate(position)), { cause: failure, message: NAMES_THE_DISK })
  await assert.rejects(within(waiting), { code: 'WAL_TIMEOUT', cause: failure, message: NAMES_THE_DISK })
  backend.plan = {}
})

test('an open that the backend keeps from ending rejects with the last failure', async () => {
  for (const call of ['last', 'append', 'next'] as const) {
    await (await open()).close()
    const backend = faulty()
    const failure = new WalError('WAL_UNAVAILABLE', `${call}: EMFILE: too many open files`)
    backend.plan = { script: { [call]: () => failure } }
    const opening = openWal('memory:', { channel: 'log', builder: backend.builder, openTimeoutMs: 150 })
    await assert.rejects(within(opening), {
      code: 'WAL_TIMEOUT',
      message: new RegExp(`still opening the log\\. The last failure: ${call}: EMFILE`),
    })
    backend.plan = {}
    await expect.poll(() => backend.openLogs).toBe(0)
  }
})

test('a lasting failure is logged in growing intervals, and its end is logged', async () => {
  const runtime = simulatedRuntime({ seed: 1 })
  const { logged, logger } = lines()
  const backend = faulty()
  const opening = openWal('memory:', {
    channel: 'log',
    builder: backend.builder,
    runtime,
    logger,
    appendTimeoutMs: 3_600_000,
    fenceCheckMs: 0,
  })
  const wal = await runtime.run(opening)
  logged.length = 0
  const failure = fullDisk()
  backend.plan = { script: { append: () => failure } }
  const append = wal.append(message('a'))
  await runtime.advance(600_000)
  const warnings = logged.filter(({ level }) => level === 'warn')
  assert.ok(warnings.length >= 5 && warnings.length <= 12, `${warnings.length} warnings in ten minutes`)
  const attempts = logged.filter(({ level }) => level === 'debug' || level === 'warn').length
  assert.ok(attempts > 100, `${attempts} attempts`)
  const moments = warnings.map(({ fields }) => fields.forMs as number)
  const pauses = moments.slice(1).map((moment, i) => moment - (moments[i] as number))
  for (const [i, pause] of pauses.slice(1).entries()) assert.ok(pause > (pauses[i] as number), `${pauses}`)
  for (const { fields, text } of warnings) {
    assert.equal(fields.err, failure)
    assert.match(text, /^memory channel "log": append failed, sending again$/)
  }
  backend.plan = {}
  await runtime.run(append)
  const over = logged.filter(({ level }) => level === 'info')
  assert.deepEqual(
    over.map(({ text }) => text),
    ['memory channel "log": appends go on'],
  )
  assert.ok((over[0]?.fields.forMs as number) >= 600_000)
  await runtime.run(wal.close())
})

test('a reader that cannot start or go on logs a warning, but not for every attempt', async () => {
  const writer = await open()
  await writer.append(message('1'))
  for (const call of ['last', 'next'] as const) {
    const { logged, logger } = lines()
    const backend = faulty()
    const reader = await openReader({ builder: backend.builder, logger })
    backend.plan = {
      script: { [call]: ({ number }: { number: number }) => (number < 5 ? fullDisk() : undefined) },
    }
    assert.deepEqual(await within(texts(reader.read({ until: 'end' })), 20_000), ['1'])
    const told = logged.filter(({ text }) => /failed, (looking|starting) again/.test(text))
    assert.equal(told.length, 4, call)
    assert.equal(told[0]?.level, 'warn')
    assert.ok(told.filter(({ level }) => level === 'warn').length < 4, call)
    for (const { fields } of told) assert.ok(WalError.isInstance(fields.err))
  }
})

test('H149: a logged error is in the field `err`, which pino understands', async () => {
  const { logged, logger } = lines()
  const backend = faulty()
  const wal = await open({
    builder: backend.builder,
    logger,
    timeTickMs: 1,
    interceptors: [
      {
        name: 'throws late',
        append: async ({ message }, next) => {
          await next(message)
          throw new Error('too late')
        },
      },
    ],
  })
  await wal.append(message('a'))
  backend.plan = { script: { append: ({ number }) => (number < 3 ? fullDisk() : undefined) } }
  await wal.append(message('b'))
  await open({ runtime: { ...systemRuntime } })
  await wal.append(message('c')).catch(() => {})
  await expect.poll(() => wal.signal.aborted).toBe(true)
  const told = logged.filter(({ text }) => /failed|no longer the writer/.test(text))
  assert.ok(told.length >= 4, logged.map(({ text }) => text).join('\n'))
  for (const { fields, text } of told) assert.ok(fields.err instanceof Error, text)
  for (const { fields } of logged) assert.equal('error' in fields, false)
})
