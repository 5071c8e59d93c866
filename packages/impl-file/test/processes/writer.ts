import { openWal } from '@wal/core'
import '@wal/impl-file'

/**
 * A writer to be killed: opens at the next term, finds the last index in the log, goes on from there, several hundred
 * appends in flight. Prints `open TERM NEXT WARNINGS`, then `ack INDEX` after each acknowledgement.
 */
const [path = '', channel = '', limit = '1000000'] = process.argv.slice(2)
const wal = await openWal(`file:${path}?segmentBytes=1048576`, { channel })
let next = 0
for await (const message of wal.read({ until: 'end' })) next = Number(message.properties.get('index')) + 1
process.stdout.write(`open ${wal.channel.term} ${next} ${wal.guarantees.warnings.length}\n`)

async function* messages() {
  for (let index = next; index < Number(limit); index++) {
    // Sizes differ widely, so that kills happen in small and in large frames.
    const payload = Buffer.alloc(index % 97 === 0 ? 60_000 : index % 400, index % 251)
    yield { payload, properties: new Map([['index', String(index)]]) }
  }
}
let index = next
for await (const result of wal.appendAll(messages()))
  process.stdout.write(`ack ${index++} ${result.messageId}\n`)
await wal.close()
