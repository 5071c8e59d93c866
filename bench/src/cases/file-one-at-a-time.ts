import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { openWal } from '@wal/core'
import '@wal/impl-file'
import { type BenchCase, payloadOf, timed } from '../bench-case.js'

/** One durable append after another, compared with the least that a program must do for it: write and fdatasync. */
export const fileOneAtATime: BenchCase = {
  name: 'file, one durable append at a time',
  unit: 'append',
  count: 5_000,
  quickCount: 1_500,
  atLeast: 0.9,
  async prepare(folder) {
    const wal = await openWal(`file:${join(folder, 'ours')}`, { channel: 'bench' })
    const file = await open(join(folder, 'peer'), 'w')
    const properties = new Map([['kind', 'created']])
    let at = 0
    return {
      ours: {
        name: 'wal',
        round: (count) =>
          timed(async () => {
            for (let i = 0; i < count; i++)
              await wal.append({ vchannel: 'eu', payload: payloadOf(i), properties })
          }),
        close: () => wal.close(),
      },
      peer: {
        name: 'write + fdatasync loop',
        round: (count) =>
          timed(async () => {
            for (let i = 0; i < count; i++) {
              const record = payloadOf(i, 300)
              await file.write(record, 0, record.length, at)
              await file.datasync()
              at += record.length
            }
          }),
        close: () => file.close(),
      },
    }
  },
}
