import assert from 'node:assert/strict'
import { memoryBuilder, resetMemory } from '@wal/core/testing'
import { AppendError, type Batch, type OpenerBuilderImpls, type WALImpls } from '@wal/walimpls'
import { afterEach, test } from 'vitest'
import { openWal } from '../src/index.js'
import { overMemory } from './over-memory.js'

afterEach(() => resetMemory())

/** A unit-test fake around the memory backend. The batch that `fails` picks and all batches in flight with it are not stored. */
function failing(sent: Batch[], fails: (batch: Batch) => boolean): OpenerBuilderImpls {
  const inner = memoryBuilder() as unknown as OpenerBuilderImpls
  const refused = () => new AppendError('WAL_UNAVAILABLE', 'not now (fake)', { outcome: 'unknown' })
  return {
    ...inner,
    async build(...parameters) {
      const opener = await inner.build(...parameters)
      const open: typeof opener.open = async (...channel) => {
        const log = await opener.open(...channel)
        let failed: Promise<never> | undefined
        let fail = (): void => {}
        const append: WALImpls['append'] = async (batch) => {
          sent.push(batch)
          if (failed !== undefined) {
            // The first batch fails only when a second one is in flight.
            setTimeout(fail, 10)
            return failed
          }
          if (!fails(batch)) return log.append(batch)
          failed = new Promise((_, reject) => {
            fail = () => reject(refused())
          })
          failed.catch(() => {}).finally(() => setImmediate(() => (failed = undefined)))
          return failed
        }
        return new Proxy(log, {
          get(target, name) {
            const value = name === 'append' ? append : Reflect.get(target, name)
            return typeof value === 'function' ? value.bind(target) : value
          },
        })
      }
      return {
        openReadOnly: (...channel) => opener.openReadOnly(...channel),
        open,
        close: () => opener.close(),
      }
    },
  }
}

test('batches are sent again with the same order, boundaries and sequences, also when more was appended meanwhile', async () => {
  const sent: Batch[] = []
  let failures = 0
  const builder = failing(sent, (batch) => batch.sequence > 0 && failures++ === 0)
  const wal = await openWal('memory:', { channel: 'resend', builder, fenceCheckMs: 0, batchBytes: 1 << 18 })
  const big = (n: number) => wal.append({ payload: Buffer.alloc(100_000, n) })
  const appends = Array.from({ length: 12 }, (_, n) => big(n))
  await new Promise((resolve) => setTimeout(resolve, 10))
  // These messages are appended while the failed batches wait. They must not be added to those batches.
  appends.push(...Array.from({ length: 3 }, (_, n) => big(12 + n)))
  const results = await Promise.all(appends)
  await wal.close()

  const first = sent.findIndex(({ sequence }) => sequence > 0)
  const again = sent.indexOf(sent[first] as Batch, first + 1)
  const inFlight = again - first
  assert.ok(inFlight > 1, `${inFlight} batches were in flight`)
  for (let i = 0; i < inFlight; i++)
    assert.equal(sent[again + i], sent[first + i], `batch ${i} is another object`)
  const sequences = sent.slice(again).map(({ sequence }) => sequence)
  assert.deepEqual(
    sequences,
    [...new Set(sequences)].sort((a, b) => a - b),
  )
  assert.equal(new Set(results.map(({ timeTick }) => timeTick)).size, 15)
})

test('H167: after the log was opened again, no more batches are in flight than the new log allows', async () => {
  const ALLOWED = [4, 2, 1]
  let opened = 0
  const mostInFlight: number[] = []
  const sequences: number[][] = []
  const builder = overMemory((log) => {
    const number = opened++
    const allowed = ALLOWED[number] ?? 1
    const last = number >= ALLOWED.length - 1
    const failing: (() => void)[] = []
    let inFlight = 0
    sequences[number] = []
    mostInFlight[number] = 0
    return {
      limits: { ...log.limits, maxInFlightBatches: allowed },
      async append(batch) {
        if (batch.sequence === 0) return log.append(batch)
        sequences[number]?.push(batch.sequence)
        mostInFlight[number] = Math.max(mostInFlight[number] ?? 0, ++inFlight)
        try {
          if (last) return await log.append(batch)
          // The fence is taken when as many batches are in flight as the log allows.
          await new Promise<void>((resolve) => {
            failing.push(resolve)
            if (failing.length >= allowed) for (const fail of failing) fail()
          })
          throw new AppendError('WAL_FENCED', 'taken (fake)', { outcome: 'not-written' })
        } finally {
          inFlight--
        }
      },
    }
  })
  const wal = await openWal('memory:', { channel: 'resend', builder, fenceCheckMs: 0, batchBytes: 1 << 18 })
  const payload = Buffer.alloc(200_000)
  const results = await Promise.all(Array.from({ length: 8 }, () => wal.append({ payload })))
  await wal.close()
  assert.deepEqual(mostInFlight, ALLOWED)
  assert.deepEqual(sequences[1], sequences[0]?.slice(0, 2))
  const sent = sequences[2] ?? []
  assert.deepEqual(sent.slice(0, 4), sequences[0])
  assert.deepEqual(
    sent,
    [...sent].sort((a, b) => a - b),
  )
  assert.equal(new Set(results.map(({ timeTick }) => timeTick)).size, 8)
})
