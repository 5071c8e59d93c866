import assert from 'node:assert/strict'
import { openWal, type Scanner } from '@wal/core'
import '@wal/impl-file'
import { BUDGET_BYTES, mustHaveRoom, sleep, soak, until } from './child.js'
import { numbered, numberOf } from './numbered.js'

/**
 * `FOLDER SECONDS`: a reader stops reading for that long, while the log grows as fast as it can, far beyond the write-ahead
 * buffer. Then the reader catches up, at first while appends go on. A second reader reads all the time.
 */
const [folder = '', seconds = '0'] = process.argv.slice(2)
const pauseMs = Number(seconds) * 1000
/** A record in the buffer takes 512 bytes in addition to its payload, so this many do not fit. */
const PAST_THE_BUFFER = BUDGET_BYTES / 512
/** Limits the use of the disk on a very fast machine. */
const MAX_RECORDS = 60_000_000
const RECORD_BYTES = 512

await soak(async (progress) => {
  await mustHaveRoom(folder, Math.min(MAX_RECORDS, (10 + pauseMs / 1000) * 1_000_000) * RECORD_BYTES)
  const wal = await openWal(`file:${folder}`, { channel: 'soak', budgetBytes: BUDGET_BYTES })
  let made = 0
  let acked = 0
  let loading = true
  /** Set when the last record is about to be appended. */
  let total = Number.POSITIVE_INFINITY
  const read = { steady: 0, stopping: 0 }

  async function load(): Promise<void> {
    function* source() {
      while (loading && made < MAX_RECORDS) yield { payload: numbered(made++) }
    }
    for await (const _ of wal.appendAll(source())) acked++
  }
  async function follow(
    scanner: Scanner,
    name: keyof typeof read,
    stop?: () => Promise<void>,
  ): Promise<void> {
    for await (const batch of scanner.batches()) {
      for (const { payload } of batch) assert.equal(numberOf(payload), read[name]++)
      if (stop !== undefined && read[name] > 1000) {
        const pause = stop
        stop = undefined
        await pause()
      }
      if (read[name] >= total) return
    }
  }

  let behind = 0
  progress.show(() => `${acked} acked, steady reader at ${read.steady}, stopping reader at ${read.stopping}`)
  const loaded = load()
  const steady = follow(wal.read(), 'steady')
  const stopping = follow(wal.read(), 'stopping', async () => {
    await sleep(pauseMs)
    await until(() => acked - read.stopping > PAST_THE_BUFFER)
    behind = acked - read.stopping
    // The reader has to keep up with the load for a while.
    void sleep(pauseMs / 4).then(() => {
      loading = false
    })
  })
  await loaded
  total = made + 1
  await wal.append({ payload: numbered(made) })
  await Promise.all([steady, stopping])
  await wal.close()
  return { total, acked: acked + 1, behind, ...read }
})
