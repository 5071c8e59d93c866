import assert from 'node:assert/strict'
import { WalError } from '@wal/walimpls'
import { test } from 'vitest'
import { type LogRolledBackError, type Runtime, systemRuntime, type WAL } from '../src/index.js'
import { cleanLogs, message, open, openReader, texts, within } from './harness.js'
import { overMemory } from './over-memory.js'
import { loseAllBut } from './stored-log.js'

cleanLogs()

const IDLE = { timeTickMs: 60_000 } as const

/** A runtime in which long waits are fifty times as short. */
const impatient: Runtime = {
  ...systemRuntime,
  setTimeout: (run, ms, options) => systemRuntime.setTimeout(run, ms < 1_000 ? ms : ms / 50, options),
}

async function aborted({ signal }: WAL): Promise<LogRolledBackError> {
  if (!signal.aborted)
    await within(new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })))
  return signal.reason
}

test('H197: the error of a writer that stored messages after its log lost its end names a resumeAt before those messages', async () => {
  const wal = await open(IDLE)
  const lost = []
  for (const each of ['a', 'b', 'c']) lost.push(await wal.append(message(each)))
  loseAllBut(2)
  await within(wal.append(message('d')))
  const { message: text, resumeAt, known } = await aborted(wal)
  assert.equal(known, lost[2]?.position)
  assert.equal(text.split('Reading can go on at').length, 2, text)
  const reader = await openReader()
  assert.deepEqual(await texts(reader.read({ after: resumeAt as string, until: 'end' })), ['d'])
})

test('when the first look found no place to go on, an ended writer does not look for one again', async () => {
  let blind = false
  const unavailable = () => new WalError('WAL_UNAVAILABLE', 'no leader', { retryable: false })
  let lookedAt = 0
  const builder = overMemory((log) => ({
    last: async (waits) => {
      // The first call finds that the log lost its end. Later calls look for a place at which reading can go on.
      if (blind && ++lookedAt === 2) throw unavailable()
      return log.last(waits)
    },
  }))
  const wal = await open({ ...IDLE, builder })
  for (const each of ['a', 'b', 'c']) await wal.append(message(each))
  loseAllBut(2)
  blind = true
  await within(wal.append(message('d')))
  const { code, resumeAt } = await aborted(wal)
  assert.equal(code, 'WAL_LOG_ROLLED_BACK')
  assert.equal(resumeAt, undefined)
})

test('H199: a reader rejects with what ended it, also when the log’s end cannot be read', async () => {
  const wal = await open(IDLE)
  for (const each of ['a', 'b', 'c', 'd']) await wal.append(message(each))
  let blind = false
  const builder = overMemory(
    () => ({}),
    (log) => ({
      last: async (waits) => {
        if (blind) throw new WalError('WAL_UNAVAILABLE', 'no leader', { retryable: true })
        return log.last(waits)
      },
    }),
  )
  const scanner = (await openReader({ builder, runtime: impatient })).read()
  for (let i = 0; i < 4; i++) await scanner.next()
  const next = scanner.next()
  next.catch(() => {})
  blind = true
  loseAllBut(2)
  const newer = await open(IDLE)
  for (const each of ['x', 'y', 'z', 'u']) await newer.append(message(each))
  await assert.rejects(within(next, 8_000), { code: 'WAL_LOG_ROLLED_BACK', resumeAt: undefined })
})

test('a refused truncation rejects also when nothing can be read to find where reading goes on', async () => {
  let hanging = false
  const builder = overMemory((log) => ({
    last: (waits) => (hanging ? new Promise(() => {}) : log.last(waits)),
  }))
  const wal = await open({ ...IDLE, runtime: impatient, builder })
  const { position } = await wal.append(message('a'))
  loseAllBut(1)
  hanging = true
  await assert.rejects(within(wal.truncate(position), 8_000), { code: 'WAL_LOG_ROLLED_BACK' })
})
