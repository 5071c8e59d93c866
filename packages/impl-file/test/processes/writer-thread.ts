import { parentPort, workerData } from 'node:worker_threads'
import { openWal } from '@wal/core'
import '@wal/impl-file'

/** Opens the log in a thread of its own, appends one message, and closes it when told to. */
const wal = await openWal(workerData as string, { channel: 'shared', fenceCheckMs: 0 })
const { term } = wal.channel
await wal.append({ payload: Buffer.from(`thread ${term}`) })
parentPort?.postMessage({ term })
parentPort?.once('message', async () => {
  const code = await wal.append({ payload: Buffer.from('late') }).then(
    () => 'written',
    (error: { code: string }) => error.code,
  )
  parentPort?.postMessage({ code })
  await wal.close()
})
