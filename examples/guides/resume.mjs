import { readFile, writeFile } from 'node:fs/promises'
import { openWal } from '@wal/core'
import '@wal/impl-file'

// A consumer that goes on where it was. Run it twice: the second run prints the second order alone.
const writer = await openWal('file:./data', { channel: 'orders' })
await writer.append({ payload: new TextEncoder().encode(`order of ${new Date().toISOString()}`) })
await writer.close()

const saved = await readFile('position.txt', 'utf8').catch((error) => {
  if (error.code === 'ENOENT') return undefined
  throw error
})
const wal = await openWal('file:./data', { channel: 'orders', accessMode: 'ro' })
const start = saved === undefined ? {} : { after: saved }
for await (const message of wal.read({ ...start, until: 'end' })) {
  console.log('got', new TextDecoder().decode(message.payload))
  // After the work is done: a crash before this line brings the message again, and none is passed over.
  await writeFile('position.txt', message.position)
}
await wal.close()
