import { join } from 'node:path'
import { openWal } from '@wal/core'
import '@wal/impl-file'
import { ClassicLevel } from 'classic-level'
import { appendsInFlight } from '../appends.js'
import { type BenchCase, payloadOf, timed } from '../bench-case.js'

const IN_FLIGHT = 2000
const LEVEL_BATCH = 500

/** Many concurrent callers of `append`, compared with a program that writes batches of 500 records with one sync each. */
export const fileInFlight: BenchCase = {
  name: 'file, 2,000 appends in flight',
  unit: 'append',
  count: 200_000,
  quickCount: 60_000,
  atLeast: 2,
  async prepare(folder) {
    const wal = await openWal(`file:${join(folder, 'ours')}`, { channel: 'bench' })
    const level = new ClassicLevel<string, Uint8Array>(join(folder, 'peer'), { valueEncoding: 'view' })
    await level.open()
    let key = 0
    return {
      ours: {
        name: 'wal',
        round: (count) => timed(() => appendsInFlight(wal, count, IN_FLIGHT)),
        close: () => wal.close(),
      },
      peer: {
        name: `classic-level, batches of ${LEVEL_BATCH}, sync`,
        round: (count) =>
          timed(async () => {
            for (let done = 0; done < count; done += LEVEL_BATCH) {
              const operations = Array.from({ length: LEVEL_BATCH }, (_, i) => ({
                type: 'put' as const,
                key: String(key++).padStart(12, '0'),
                value: payloadOf(done + i, 300),
              }))
              await level.batch(operations, { sync: true })
            }
          }),
        close: () => level.close(),
      },
    }
  },
}
