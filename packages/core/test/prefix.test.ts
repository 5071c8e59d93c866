import assert from 'node:assert/strict'
import { AppendError } from '@wal/walimpls'
import { test } from 'vitest'
import { cleanLogs, faulty, message, open, openReader, texts, turn, within } from './harness.js'
import { overMemory } from './over-memory.js'
import { rawLog } from './raw-log.js'
import { storedLog } from './stored-log.js'

cleanLogs()

test('G3 no batch is sent behind one that has failed, not even in the same turn of the event loop', async () => {
  const sent: number[] = []
  let refuse: (() => void) | undefined
  const builder = overMemory((log) => ({
    append(batch) {
      sent.push(batch.sequence)
      if (batch.sequence !== 1 || refuse !== undefined) return log.append(batch)
      return new Promise((_, reject) => {
        refuse = () => reject(new AppendError('WAL_UNAVAILABLE', 'not now', { outcome: 'not-written' }))
      })
    },
  }))
  const wal = await open({ builder, timeTickMs: 60_000, budgetBytes: 8 << 20 })
  const first = wal.append(message('1'))
  while (refuse === undefined) await turn()
  refuse()
  // Enough messages for a second batch. It takes some microtasks until the failure of the first is known.
  const second = wal.append({ payload: new Uint8Array(300_000) })
  await within(Promise.all([first, second]))
  assert.deepEqual(sent, [0, 1, 1, 2])
})

/** A message so large that it is a batch of its own while others are in flight. */
const large = (text: string) => message(text.padEnd(300_000, '.'))

test('G3 when a backend stored a batch behind one that failed, its writer ends, also when all are stored in the end', async () => {
  const failures = new Set([1])
  const builder = overMemory((log) => ({
    async append(batch) {
      if (failures.delete(batch.sequence)) {
        // The failure comes so late that the next batch is in flight.
        for (let i = 0; i < 5; i++) await turn()
        throw new AppendError('WAL_UNAVAILABLE', 'not now', { outcome: 'not-written' })
      }
      // The backend does not recognise a batch that is sent again. It stores it once more, behind the batch stored by mistake.
      storedLog().batches.clear()
      return log.append(batch)
    },
  }))
  const wal = await open({ builder, timeTickMs: 60_000, batchBytes: 256 << 10, budgetBytes: 8 << 20 })
  const appends = [wal.append(large('1')), wal.append(large('2'))]
  for (const append of appends) append.catch(() => {})
  await assert.rejects(within(appends[0] as Promise<unknown>), {
    code: 'WAL_CORRUPT',
    message: /stored batch 2 although batch 1 before it had failed/,
  })
  await assert.rejects(within(appends[1] as Promise<unknown>), { code: 'WAL_CORRUPT', outcome: 'unknown' })
})

test('H213: a backend that stores batches behind one that failed has its writer ended, and nothing acknowledged is dropped', async () => {
  const backend = faulty({ script: { append: { 3: 'hole' } } })
  const wal = await open({
    builder: backend.builder,
    timeTickMs: 60_000,
    batchBytes: 256 << 10,
    budgetBytes: 8 << 20,
  })
  const acked: string[] = []
  const outcomes = await within(
    Promise.all(
      ['1', '2', '3', '4'].map((each) =>
        wal.append(large(each)).then(
          () => void acked.push(each),
          (error) => `${error.code} ${error.outcome}`,
        ),
      ),
    ),
  )
  assert.equal(backend.counts.hole, 1)
  assert.deepEqual(acked, ['1'])
  assert.deepEqual(outcomes, [
    undefined,
    'WAL_CORRUPT not-written',
    'WAL_CORRUPT unknown',
    'WAL_CORRUPT unknown',
  ])
  assert.match(String(wal.signal.reason), /stored batch 3 although batch 2 before it had failed/)
  const delivered = await texts((await openReader()).read({ until: 'end' }))
  assert.deepEqual(
    delivered.map((each) => each[0]).filter((each) => acked.includes(each as string)),
    acked,
  )
})

test('G3 no batch is sent behind one that failed while the batch before is being confirmed', async () => {
  const sent: number[] = []
  let holding = false
  const held: (() => void)[] = []
  const failures = new Set([2])
  const builder = overMemory((log) => ({
    append: async (batch) => {
      sent.push(batch.sequence)
      if (failures.delete(batch.sequence))
        throw new AppendError('WAL_UNAVAILABLE', 'not now', { outcome: 'not-written' })
      return log.append(batch)
    },
    read(options) {
      const scanner = log.read(options)
      const next = scanner.next.bind(scanner)
      scanner.next = async () => {
        if (holding) await new Promise<void>((resolve) => held.push(resolve))
        return next()
      }
      return scanner
    },
  }))
  const wal = await open({ builder, timeTickMs: 60_000, batchBytes: 256 << 10, budgetBytes: 8 << 20 })
  // A void record lies between the writer's last record and its next. So the next one is confirmed by reading the log.
  const raw = await rawLog()
  await raw.append(raw.record({ term: 0, incarnation: 'ghost', timeTick: 7n, payload: 'void' }))
  holding = true
  const first = [wal.append(large('1')), wal.append(large('2'))]
  while (held.length === 0) await turn()
  const third = wal.append(large('3'))
  for (let i = 0; i < 20; i++) await turn()
  assert.deepEqual(sent, [0, 1, 2])
  holding = false
  for (const go of held) go()
  await within(Promise.all([...first, third]))
  assert.deepEqual(sent, [0, 1, 2, 2, 3])
  const delivered = await texts((await openReader()).read({ until: 'end' }))
  assert.deepEqual(
    delivered.map((text) => text[0]),
    ['1', '2', '3'],
  )
})
