import { openWal } from '@wal/core'
import '@wal/impl-pulsar' // registers the backend "pulsar"

const wal = await openWal('pulsar://127.0.0.1:6650', { channel: 'orders' })
const payload = new TextEncoder().encode('one coffee')
const { position } = await wal.append({ vchannel: 'eu', payload, properties: new Map([['kind', 'created']]) })

const scanner = wal.read({ from: position, until: 'end' })
for await (const message of scanner) {
  console.log(new TextDecoder().decode(message.payload), message.properties.get('kind'))
}

await wal.close()
