import assert from 'node:assert/strict'
import { memoryBuilder } from '@wal/core/testing'
import { test } from 'vitest'
import { type AppendBatchError, AppendError, systemRuntime } from '../src/index.js'
import { cleanLogs, faulty, isPending, message, open, pause, texts, turn, within } from './harness.js'

cleanLogs()

const big = (letter: string, size = 100_000) => message(letter.repeat(size))

test('G4 a deadline of a queued append is WAL_TIMEOUT, not written; of one that was sent WAL_OUTCOME_UNKNOWN with a token', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  backend.plan = { script: { append: () => backend.hang() } }
  const sent = wal.append(message('sent'), { timeoutMs: 30 })
  await turn()
  const queued = wal.append(message('queued'), { timeoutMs: 30 })
  await assert.rejects(within(sent), (error: AppendError) => {
    assert.equal(error.code, 'WAL_OUTCOME_UNKNOWN')
    assert.equal(error.outcome, 'unknown')
    assert.match(error.token ?? '', /^append:wal1:/)
    assert.equal((error.cause as { code: string }).code, 'WAL_TIMEOUT')
    return true
  })
  await assert.rejects(within(queued), { code: 'WAL_TIMEOUT', outcome: 'not-written', retryable: true })
  backend.plan = {}
  backend.letGo()
  await within(wal.append(message('later')))
  // The append that was sent went on and is stored. The queued one is never stored.
  assert.deepEqual(await within(texts(wal.read({ until: 'end' }))), ['sent', 'later'])
})

test('G4 an abort rejects an append that waits or is queued with signal.reason, and one that was sent with an unknown outcome', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, maxWaitingBytes: 4 << 20 })
  backend.plan = { script: { append: () => backend.hang() } }
  const reason = new Error('enough')
  const controller = new AbortController()
  const { signal } = controller
  const sent = wal.append(big('s'), { signal })
  await turn()
  const queued = wal.append(message('q'), { signal })
  const waiting = Array.from({ length: 10 }, () => wal.append(big('w'), { signal }))
  const settled = Promise.allSettled([sent, queued, ...waiting])
  controller.abort(reason)
  const outcomes = (await within(settled)).map((each) => (each as PromiseRejectedResult).reason)
  assert.equal(outcomes[0].code, 'WAL_OUTCOME_UNKNOWN')
  assert.equal(outcomes[0].cause, reason)
  for (const outcome of outcomes.slice(1)) assert.equal(outcome, reason)
  backend.plan = {}
  backend.letGo()
  // All bytes of the budget are free again, so a message that fills the budget is accepted.
  await within(Promise.all(Array.from({ length: 12 }, () => wal.append(big('x')))))
  assert.equal(
    (await within(texts(wal.read({ until: 'end' })))).join('').replaceAll('s', '').length,
    1_200_000,
  )
})

test('G4 an append aborted before it is made rejects with the reason and leaves nothing behind', async () => {
  const wal = await open()
  await assert.rejects(wal.append(message('a'), { signal: AbortSignal.abort('no') }), (e) => e === 'no')
  await assert.rejects(
    wal.appendBatch([message('a')], { signal: AbortSignal.abort('no') }),
    (e) => e === 'no',
  )
  await assert.rejects(wal.barrier({ signal: AbortSignal.abort('no') }), (e) => e === 'no')
  assert.deepEqual(await texts(wal.read({ until: 'end' })), [])
})

test('after many deadlines no bytes of the budget stay in use', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, maxWaitingBytes: 1 << 20 })
  for (let round = 0; round < 6; round++) {
    backend.plan = { script: { append: () => backend.hang() } }
    const lost = Array.from({ length: 10 }, () => wal.append(big('l'), { timeoutMs: 5 + round }))
    const outcomes = await within(Promise.allSettled(lost))
    assert.ok(outcomes.every((each) => each.status === 'rejected'))
    backend.plan = {}
    backend.letGo()
  }
  await within(wal.append(message('x')))
  const all = await within(Promise.allSettled(Array.from({ length: 10 }, () => wal.append(big('y')))))
  assert.deepEqual(
    all.map((each) => each.status),
    Array(10).fill('fulfilled'),
  )
})

test('a queued append that gives up gives its bytes back to the budget', async () => {
  const backend = faulty()
  // A quarter of the budget is for appends. Most of it is taken by those queued behind the append that hangs.
  const wal = await open({ builder: backend.builder, budgetBytes: 1 << 20 })
  backend.plan = { script: { append: () => backend.hang() } }
  const sent = wal.append(message('sent'))
  await turn()
  const queued = Array.from({ length: 150 }, () => wal.append(message('queued'), { timeoutMs: 5 }))
  const outcomes = await within(Promise.allSettled(queued))
  assert.ok(outcomes.every((each) => each.status === 'rejected'))
  backend.plan = {}
  backend.letGo()
  await sent
  await within(wal.append({ payload: new Uint8Array(150_000) }))
})

test('when a large append gives up waiting for room, the small ones behind it are admitted', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, maxWaitingBytes: 4 << 20 })
  backend.plan = { script: { append: ({ number }) => (number === 1 ? backend.hang() : undefined) } }
  const first = wal.append(big('a', 150_000))
  await turn()
  const large = wal.append(big('b', 200_000), { timeoutMs: 20 })
  const small = Array.from({ length: 3 }, () => wal.append(message('small')))
  await assert.rejects(within(large), { code: 'WAL_TIMEOUT' })
  assert.equal(await isPending(first), true)
  backend.letGo()
  await within(Promise.all([first, ...small]))
})

test('a timeoutMs of 2^31 - 1 does not end at once by a timer’s overflow', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  const warnings: Error[] = []
  const listen = (warning: Error) => warnings.push(warning)
  process.on('warning', listen)
  backend.plan = { script: { append: () => backend.hang() } }
  const append = wal.append(message('a'), { timeoutMs: 2 ** 31 - 1 })
  assert.equal(await isPending(append, 60), true)
  process.off('warning', listen)
  assert.deepEqual(
    warnings.map((warning) => warning.name),
    [],
  )
  backend.letGo()
  await within(append)
})

test('the error of appendBatch has the results of the stored prefix and one outcome for the rest', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, batchBytes: 1024 })
  // The first batch of the call is stored, and the second hangs.
  backend.plan = { script: { append: ({ number }) => (number === 1 ? undefined : backend.hang()) } }
  const messages = Array.from({ length: 4 }, (_, i) => message(String(i).repeat(900)))
  await assert.rejects(within(wal.appendBatch(messages, { timeoutMs: 60 })), (error: AppendBatchError) => {
    assert.equal(error.name, 'AppendBatchError')
    assert.equal(error.code, 'WAL_OUTCOME_UNKNOWN')
    assert.equal(error.outcome, 'unknown')
    assert.equal(error.results.length, 1)
    assert.ok(error.token)
    return true
  })
})

test('appendBatch with a bad or too large message in the middle writes nothing', async () => {
  const wal = await open({ backend: { maxRecordBytes: 4096 } })
  const bad = { payload: 'x' } as never
  await assert.rejects(wal.appendBatch([message('a'), bad]), { code: 'WAL_INVALID_ARGUMENT' })
  await assert.rejects(wal.appendBatch([message('a'), big('b', 5000)]), { code: 'WAL_MESSAGE_TOO_LARGE' })
  assert.deepEqual(await wal.appendBatch([]), [])
  assert.deepEqual(await texts(wal.read({ until: 'end' })), [])
})

test('G4 a batch of unknown outcome that is then fenced rejects with WAL_FENCED, unknown and a token; those behind it are not written', async () => {
  const backend = faulty()
  const older = await open({ builder: backend.builder, batchBytes: 1024 })
  let calls = 0
  const taken: Promise<unknown>[] = []
  backend.plan = {
    script: {
      append: ({ writer }) => {
        if (writer?.term !== 0) return undefined
        if (calls++ > 0) return undefined
        taken.push(open({ term: 5 }))
        return 'write-then-fail'
      },
    },
  }
  const first = older.append(message('a'.repeat(900)))
  const second = older.append(message('b'.repeat(900)))
  const outcomes = await within(Promise.allSettled([first, second]), 5000)
  const [one, two] = outcomes.map((each) => (each as PromiseRejectedResult).reason)
  assert.equal(one.code, 'WAL_FENCED')
  assert.equal(one.outcome, 'unknown')
  assert.match(one.token, /^append:/)
  assert.equal(two.code, 'WAL_FENCED')
  assert.equal(two.outcome, 'not-written')
  assert.equal(two.token, undefined)
  assert.equal(older.signal.reason.code, 'WAL_FENCED')
  await Promise.all(taken)
})

test('batches are sent again after failures that pass: no append fails, and the order stays', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, batchBytes: 16 << 10, budgetBytes: 16 << 20 })
  let calls = 0
  const faults = [
    'fail',
    undefined,
    'write-then-fail',
    'duplicate',
    undefined,
    'fence',
    'duplicate-then-fail',
  ] as const
  backend.plan = { script: { append: () => faults[calls++ % 14] } }
  const sent = Array.from({ length: 900 }, (_, i) => `${i}`.padEnd(700, '.'))
  const results = await within(Promise.all(sent.map((each) => wal.append(message(each)))), 20_000)
  assert.deepEqual(await texts(wal.read({ until: 'end' })), sent)
  for (const fault of ['fail', 'write-then-fail', 'duplicate', 'fence', 'duplicate-then-fail'] as const)
    assert.ok(backend.counts[fault] > 0, fault)
  assert.ok(backend.turnedAway > 0)
  // Reading can resume at the position of every result.
  for (const i of [0, 77, 213, 429, 898]) {
    const rest = await texts(wal.read({ after: results[i]?.position ?? '', until: 'end' }))
    assert.deepEqual(rest, sent.slice(i + 1))
    const from = await texts(wal.read({ from: results[i]?.position ?? '', until: 'end' }))
    assert.deepEqual(from, sent.slice(i))
  }
}, 30_000)

test('a batch that is refused for good rejects, and those behind it are stored', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, batchBytes: 1024 })
  backend.plan = {
    script: {
      append: ({ batch }) =>
        batch?.messages.some((each) => Buffer.from(each.payload).toString().startsWith('bad'))
          ? new AppendError('WAL_MESSAGE_TOO_LARGE', 'too large', { outcome: 'not-written' })
          : undefined,
    },
  }
  const all = ['a', 'bad', 'c', 'd'].map((each) => wal.append(message(each.padEnd(900, '.'))))
  const outcomes = await within(Promise.allSettled(all))
  assert.deepEqual(
    outcomes.map((each) => each.status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  )
  assert.equal((outcomes[1] as PromiseRejectedResult).reason.outcome, 'not-written')
  await pause(1)
  assert.equal((await texts(wal.read({ until: 'end' }))).length, 3)
})

test('G3 when a backend stores a batch behind one that failed, the writer ends and no message is lost silently', async () => {
  const inner = memoryBuilder()
  let calls = 0
  const builder = {
    ...inner,
    build: async (...given: Parameters<typeof inner.build>) => {
      const opener = await inner.build(...given)
      const openLog = opener.open.bind(opener)
      opener.open = async (...args) => {
        const log = await openLog(...args)
        const append = log.append.bind(log)
        log.append = async (batch) => {
          if (batch.sequence === 0 || calls++ !== 0) return append(batch)
          await pause(5)
          throw new Error('lost')
        }
        return log
      }
      return opener
    },
  }
  const wal = await open({ builder, batchBytes: 16 << 10, budgetBytes: 16 << 20 })
  const all = Array.from({ length: 600 }, () => wal.append(message('x'.repeat(700))))
  const outcomes = await within(Promise.allSettled(all))
  assert.ok(outcomes.every((each) => each.status === 'rejected'))
  assert.equal(wal.signal.reason.code, 'WAL_CORRUPT')
  assert.equal((outcomes[0] as PromiseRejectedResult).reason.outcome, 'unknown')
})

test('G4 a deadline counts elapsed time, also when the wall clock jumps', async () => {
  const backend = faulty()
  let jumpMs = 0
  const runtime = { ...systemRuntime, now: () => systemRuntime.now() + jumpMs }
  const wal = await open({ builder: backend.builder, runtime, timeTickMs: 60_000 })
  backend.plan = { script: { append: () => backend.hang() } }
  const sent = wal.append(message('sent'), { timeoutMs: 600_000 })
  await turn()
  jumpMs = 3_600_000
  const queued = wal.append(message('queued'), { timeoutMs: 20 })
  await assert.rejects(queued, { code: 'WAL_TIMEOUT' })
  const back = wal.append(message('back'), { timeoutMs: 20 })
  jumpMs = -3_600_000
  await assert.rejects(within(back, 20_000), { code: 'WAL_TIMEOUT' })
  backend.plan = {}
  backend.letGo()
  await sent
})
