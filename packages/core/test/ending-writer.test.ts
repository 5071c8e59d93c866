import assert from 'node:assert/strict'
import { memoryBuilder } from '@wal/core/testing'
import { AppendError, type Batch, type OpenerBuilderImpls, propertyOf, WalError } from '@wal/walimpls'
import { test } from 'vitest'
import { cleanLogs, message, open, pause, texts, turn, within } from './harness.js'
import { overMemory } from './over-memory.js'
import { gate } from './resolve/gated.js'
import { loseAllBut, storedRecords } from './stored-log.js'

cleanLogs()

test('H203: a writer whose log lost its end acknowledges the appends that it has found in the log, and sends no more', async () => {
  const answers = new Map<string, Promise<void>>()
  const builder = overMemory((log) => ({
    append: async (batch: Batch) => {
      const ids = await log.append(batch)
      await answers.get(propertyOf(batch.messages[0]?.properties ?? [], 'name') ?? '')
      return ids
    },
  }))
  const wal = await open({ builder, timeTickMs: 60_000, budgetBytes: 16 << 20 })
  const append = (name: string, payload = new Uint8Array(1)) =>
    wal.append({ payload, properties: new Map([['name', name]]) })
  for (const each of ['1', '2', '3']) await append(each)
  loseAllBut(2)
  const [first, others] = [gate(), gate()]
  answers.set('first', first.opened)
  const names = Array.from({ length: 12 }, (_, i) => `other ${i}`)
  for (const each of names) answers.set(each, others.opened)
  // The new record has the id of a lost one, and is not void. So its append is acknowledged, and then the writer ends.
  const acknowledged = append('first')
  await turn()
  // The messages are so large that each is a batch of its own. They are more batches than may be in flight at the same time.
  const large = new Uint8Array(300 << 10)
  const rejected = names.map((name) =>
    append(name, large).then(
      () => 'acknowledged',
      ({ code, outcome }) => `${code} ${outcome}`,
    ),
  )
  await pause(30)
  const stored = storedRecords().length
  others.open()
  await pause(30)
  first.open()
  await within(acknowledged)
  const outcomes = await within(Promise.all(rejected))
  assert.deepEqual(
    new Set(outcomes),
    new Set(['WAL_LOG_ROLLED_BACK unknown', 'WAL_LOG_ROLLED_BACK not-written']),
  )
  await pause(30)
  assert.equal(storedRecords().length, stored)
})

/** The errors with which a backend rejects a writer that takes its fence back, and an open for its readers. */
interface Reopening {
  readonly refusal: WalError
  readonly readOnly?: () => Promise<void>
}

/** The memory backend, in which `fenced` takes the writer's fence. From then on every open for writing is refused. */
function refusingBackend({ refusal, readOnly }: Reopening) {
  const inner = memoryBuilder() as unknown as OpenerBuilderImpls
  let fenced: AppendError | undefined
  const builder: OpenerBuilderImpls = {
    ...inner,
    async build(...parameters) {
      const opener = await inner.build(...parameters)
      return {
        open: async (...given) => {
          if (fenced !== undefined) throw refusal
          const log = await opener.open(...given)
          const append = (batch: Batch) => (fenced === undefined ? log.append(batch) : Promise.reject(fenced))
          return new Proxy(log, {
            get(target, name) {
              if (name === 'append') return append
              const value = Reflect.get(target, name)
              return typeof value === 'function' ? value.bind(target) : value
            },
          })
        },
        openReadOnly: async (...given) => {
          if (fenced !== undefined) await readOnly?.()
          return opener.openReadOnly(...given)
        },
        close: () => opener.close(),
      }
    },
  }
  const takeFence = (outcome: 'not-written' | 'unknown') => {
    fenced = new AppendError('WAL_FENCED', 'another writer', { outcome })
  }
  return { builder, takeFence }
}

const refusal = new WalError('WAL_UNAVAILABLE', 'no writers today', { retryable: false })

test('H204: when a writer may not take its fence back, its readers go on, also through failures that pass', async () => {
  let failures = 3
  const readOnly = async () => {
    if (failures-- > 0) throw new WalError('WAL_UNAVAILABLE', 'no connection', { retryable: true })
  }
  const { builder, takeFence } = refusingBackend({ refusal, readOnly })
  const wal = await open({ builder, timeTickMs: 60_000 })
  await wal.append(message('1'))
  const behind = wal.read()
  const [tailing, latest] = [texts(wal.read(), 3), texts(wal.read({ deliver: 'latest' }), 2)]
  await pause(5)
  takeFence('not-written')
  await assert.rejects(within(wal.append(message('refused'))), {
    code: 'WAL_UNAVAILABLE',
    outcome: 'not-written',
  })
  // The same error goes to a reader that starts while the log is being opened for readers, and to one that has read nothing
  // yet.
  const late = [texts(wal.read(), 3), texts(behind, 3)]
  const successor = await open({ timeTickMs: 60_000 })
  for (const each of ['2', '3']) await successor.append(message(each))
  for (const reading of [tailing, ...late]) assert.deepEqual(await within(reading, 5000), ['1', '2', '3'])
  assert.deepEqual(await within(latest), ['2', '3'])
  assert.deepEqual(await within(texts(wal.read({ until: 'end' }))), ['1', '2', '3'])
})

test('a writer that may not take its fence back still resolves tokens', async () => {
  const { builder, takeFence } = refusingBackend({ refusal })
  const wal = await open({ builder, timeTickMs: 60_000 })
  await wal.append(message('1'))
  takeFence('unknown')
  const { token } = await wal.append(message('2')).catch((error) => error)
  await (await open({ timeTickMs: 60_000 })).append(message('3'))
  assert.deepEqual(await within(wal.resolve(token)), { outcome: 'not-written' })
})

test('when the log of an ended writer cannot be opened, its readers reject with the reason', async () => {
  const readOnly = () => Promise.reject(new WalError('WAL_UNAVAILABLE', 'no readers', { retryable: false }))
  const { builder, takeFence } = refusingBackend({ refusal, readOnly })
  const wal = await open({ builder, timeTickMs: 60_000 })
  await wal.append(message('1'))
  const reading = texts(wal.read(), 2)
  takeFence('not-written')
  await assert.rejects(within(wal.append(message('2'))), { code: 'WAL_UNAVAILABLE' })
  await assert.rejects(within(reading), { code: 'WAL_UNAVAILABLE', message: /no readers/ })
})

test('a WAL can be closed while its log is being opened for its readers', async () => {
  const opened = gate()
  const { builder, takeFence } = refusingBackend({ refusal, readOnly: () => opened.opened })
  const wal = await open({ builder, timeTickMs: 60_000 })
  await wal.append(message('1'))
  const reading = texts(wal.read())
  takeFence('not-written')
  await assert.rejects(within(wal.append(message('2'))), { code: 'WAL_UNAVAILABLE' })
  await within(wal.close())
  await within(reading.catch(() => []))
  opened.open()
})
