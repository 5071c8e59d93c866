import assert from 'node:assert/strict'
import { memoryBuilder, resetMemory } from '@wal/core/testing'
import { AppendError, type Batch, type OpenerBuilderImpls, type WALImpls } from '@wal/walimpls'
import { afterEach, test } from 'vitest'
import { openWal } from '../src/index.js'

afterEach(() => resetMemory())

/** A unit-test fake around the memory backend: the batch that `fails` picks, and all handed in with it, are not stored. */
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
            // Not before a second one is in flight.
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

test('what is sent again is the very same batches: same order, same boundaries, same sequences, though more was appended', async () => {
  const sent: Batch[] = []
  let failures = 0
  const builder = failing(sent, (batch) => batch.sequence > 0 && failures++ === 0)
  const wal = await openWal('memory:', { channel: 'resend', builder, fenceCheckMs: 0, batchBytes: 1 << 18 })
  const big = (n: number) => wal.append({ payload: Buffer.alloc(100_000, n) })
  const appends = Array.from({ length: 12 }, (_, n) => big(n))
  await new Promise((resolve) => setTimeout(resolve, 10))
  // These come in while the failed ones wait: they must not join them.
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
