import assert from 'node:assert/strict'
import { openWal } from '@wal/core'
import '@wal/impl-file'
import { BUDGET_BYTES, mustHaveRoom, soak } from './child.js'
import { numbered, numberOf } from './numbered.js'

/** `FOLDER RECORDS`: writes so many small records, then replays them all, from a log that is opened again. */
const [folder = '', records = '0'] = process.argv.slice(2)
const total = Number(records)
/** The bytes of a record on disk, rounded up. */
const RECORD_BYTES = 512

await soak(async (progress) => {
  await mustHaveRoom(folder, total * RECORD_BYTES)
  const options = { channel: 'soak', budgetBytes: BUDGET_BYTES }
  const started = Date.now()
  let acked = 0
  let replayed = 0
  progress.show(() => `${acked} written, ${replayed} replayed`)
  const writer = await openWal(`file:${folder}`, options)
  function* source() {
    for (let i = 0; i < total; i++) yield { payload: numbered(i) }
  }
  for await (const _ of writer.appendAll(source())) acked++
  await writer.barrier()
  await writer.close()
  const written = Date.now()

  const reader = await openWal(`file:${folder}`, { ...options, accessMode: 'ro' })
  for await (const batch of reader.read({ until: 'end' }).batches())
    for (const { payload } of batch) assert.equal(numberOf(payload), replayed++)
  await reader.close()
  const perSecond = (since: number, end: number) => Math.round((total / Math.max(1, end - since)) * 1000)
  return {
    acked,
    replayed,
    writtenPerSecond: perSecond(started, written),
    replayedPerSecond: perSecond(written, Date.now()),
  }
})
