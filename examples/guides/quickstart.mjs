import { openWal } from '@wal/core'
import '@wal/impl-file' // registers the backend

const wal = await openWal('file:./data', { channel: 'orders' })

const { position } = await wal.append({
  vchannel: 'eu',
  payload: new TextEncoder().encode('hello'),
  properties: new Map([['kind', 'created']]),
}) // resolves once it is synced to disk

for await (const message of wal.read({ from: position, until: 'end' })) {
  console.log(message.timeTick, message.properties.get('kind'), new TextDecoder().decode(message.payload))
}
await wal.close() // in TypeScript also: await using wal = await openWal(…)
