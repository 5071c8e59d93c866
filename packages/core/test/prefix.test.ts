import assert from 'node:assert/strict'
import { AppendError } from '@wal/walimpls'
import { test } from 'vitest'
import { cleanLogs, message, open, turn, within } from './harness.js'
import { overMemory } from './over-memory.js'

cleanLogs()

test('G3 nothing is handed in behind a batch that has failed, not even in the turn of its failure', async () => {
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
  // Enough for a second batch, while it takes some microtasks until the first one's failure is known.
  const second = wal.append({ payload: new Uint8Array(300_000) })
  await within(Promise.all([first, second]))
  assert.deepEqual(sent, [0, 1, 1, 2])
})
