import { join } from 'node:path'
import { openWal, type WAL } from '@wal/core'
import '@wal/impl-file'
import { ClassicLevel } from 'classic-level'
import { appendBatches } from '../appends.js'
import { type BenchCase, payloadOf, timed } from '../bench-case.js'

const BATCH = 500

/** Reads a log from its first record to its end and looks at every payload, compared with an iterator over as many values. */
export const fileReplay: BenchCase = {
  name: 'file, replay',
  unit: 'message',
  count: 1_000_000,
  quickCount: 200_000,
  async prepare(folder) {
    const url = `file:${join(folder, 'ours')}`
    const level = new ClassicLevel<string, Uint8Array>(join(folder, 'peer'), { valueEncoding: 'view' })
    await level.open()
    let ours: WAL | undefined
    return {
      ours: {
        name: 'wal',
        async round(count) {
          if (ours === undefined) {
            ours = await openWal(url, { channel: 'bench' })
            await appendBatches(ours, count)
          }
          const reader = await openWal(url, { channel: 'bench', accessMode: 'ro' })
          try {
            return await timed(async () => {
              let read = 0
              for await (const batch of reader.read({ until: 'end' }).batches())
                for (const { payload } of batch) read += payload.length === 256 ? 1 : 0
              if (read < count) throw new Error(`only ${read} of ${count} were read`)
            })
          } finally {
            await reader.close()
          }
        },
        close: async () => ours?.close(),
      },
      peer: {
        name: 'classic-level, values of an iterator',
        async round(count) {
          if ((await level.get('0'.padStart(12, '0'))) === undefined) await fillPeer(level, count)
          return timed(async () => {
            let read = 0
            const values = level.values()
            for (let batch = await values.nextv(1000); batch.length > 0; batch = await values.nextv(1000))
              for (const value of batch) read += value.length === 300 ? 1 : 0
            await values.close()
            if (read < count) throw new Error(`only ${read} of ${count} were read`)
          })
        },
        close: () => level.close(),
      },
    }
  },
}

async function fillPeer(level: ClassicLevel<string, Uint8Array>, count: number): Promise<void> {
  for (let next = 0; next < count; ) {
    const operations = Array.from({ length: BATCH }, () => {
      const index = next++
      return { type: 'put' as const, key: String(index).padStart(12, '0'), value: payloadOf(index, 300) }
    })
    await level.batch(operations)
  }
}
