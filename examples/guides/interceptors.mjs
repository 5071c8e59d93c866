import { admission, openWal } from '@wal/core'
import '@wal/impl-file'

const stamp = {
  name: 'stamp',
  async append({ message }, next) {
    const properties = new Map(message.properties).set('host', 'a1')
    return next({ ...message, properties })
  },
}
const limit = admission(({ message }) => {
  if (message.payload.length > 1000) throw new Error('too long for this log')
})

const wal = await openWal('file:./stamped', { channel: 'orders', interceptors: [stamp, limit] })
await wal.append({ payload: new TextEncoder().encode('hello') })
for await (const message of wal.read({ until: 'end' })) console.log(message.properties.get('host')) // a1
await wal.close()
