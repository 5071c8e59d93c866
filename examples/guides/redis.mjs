import { openWal } from '@wal/core'
import '@wal/impl-redis-streams' // registers the backend "redis-streams"

const wal = await openWal('redis-streams://127.0.0.1:6379', { channel: 'orders' })
const payload = new TextEncoder().encode('one coffee')
const { position } = await wal.append({ vchannel: 'eu', payload, properties: new Map([['kind', 'created']]) })

const scanner = wal.read({ from: position, until: 'end' })
for await (const message of scanner) {
  console.log(new TextDecoder().decode(message.payload), message.properties.get('kind'))
}

await wal.close()
