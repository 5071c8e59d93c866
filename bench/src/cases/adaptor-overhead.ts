import { openWal, type WAL } from '@wal/core'
import { batchOf, packedBatch } from '@wal/walimpls'
import { type BenchCase, type Contender, payloadOf, timed } from '../bench-case.js'
import { NoOpLog, noOpBuilder } from '../no-op-backend.js'

const BATCH = 500
const payload = payloadOf(0)
const properties = new Map([['kind', 'created']])

/**
 * The peer: the no-op backend, called directly with batches of the same size. What appends through core take longer is the cost
 * of core.
 */
function direct(): Contender {
  const log = new NoOpLog({ term: 0, incarnation: 'x' })
  const message = { payload, properties: ['kind', 'created'] }
  const { packed, bytes } = batchOf(1, new Array(BATCH).fill(message))
  let sequence = 1
  return {
    name: 'no-op backend, called directly',
    round: (count) =>
      timed(async () => {
        for (let done = 0; done < count; done += BATCH) {
          await log.append(packedBatch({ sequence, count: BATCH, bytes, packed }))
          sequence += BATCH
        }
      }),
  }
}

function through(wal: WAL, round: (count: number) => Promise<void>): Contender {
  return { name: 'wal', round: (count) => timed(() => round(count)), close: () => wal.close() }
}

const open = (): Promise<WAL> =>
  openWal('no-op:', { channel: 'bench', builder: noOpBuilder, fenceCheckMs: 0 })

export const adaptorAppend: BenchCase = {
  name: 'adaptor overhead, append',
  unit: 'message',
  count: 1_000_000,
  quickCount: 300_000,
  async prepare() {
    const wal = await open()
    const ours = through(wal, async (count) => {
      for (let done = 0; done < count; done += BATCH) {
        const appends = new Array(BATCH)
        for (let i = 0; i < BATCH; i++) appends[i] = wal.append({ vchannel: 'eu', payload, properties })
        await Promise.all(appends)
      }
    })
    return { ours, peer: direct() }
  },
}

export const adaptorAppendBatch: BenchCase = {
  name: 'adaptor overhead, appendBatch of 500',
  unit: 'message',
  count: 1_000_000,
  quickCount: 300_000,
  async prepare() {
    const wal = await open()
    const messages = Array.from({ length: BATCH }, () => ({ vchannel: 'eu', payload, properties }))
    const ours = through(wal, async (count) => {
      for (let done = 0; done < count; done += BATCH) await wal.appendBatch(messages)
    })
    return { ours, peer: direct() }
  },
}
