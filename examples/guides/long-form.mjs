import { mustGetBuilder } from '@wal/core'
import '@wal/impl-file'

const opener = await mustGetBuilder('file').build({ path: './data' })
const orders = await opener.open({ channel: { name: 'orders', term: 3 } })
const copy = await opener.open({ channel: { name: 'orders', accessMode: 'ro' } })
await orders.append({ payload: new TextEncoder().encode('hello') })
for await (const { payload } of copy.read({ until: 'end' })) console.log(new TextDecoder().decode(payload))
await opener.close() // closes both
