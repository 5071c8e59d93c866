import { openWal } from '@wal/core'
import '@wal/impl-file'
import { heldMiB, residentMiB, watchResidentSet } from '../resident-set.js'

/**
 * `readers PATH COUNT RECORDS`: opens so many readers of a log of so many records, with a budget of 64 MiB. Each takes a
 * few messages and stops, three times over. Prints one line of JSON: how many messages were wrong, what is held before the
 * readers and when all of them have stopped, the resident set then, and over the whole run.
 */
const [path = '', readers = '0', records = '0'] = process.argv.slice(2)
const channel = 'readers'
const budgetBytes = 64 << 20
const PAYLOAD_BYTES = 100

const measured = watchResidentSet()
const writer = await openWal(`file:${path}`, { channel, budgetBytes })
function* source() {
  for (let i = 0; i < Number(records); i++) {
    const payload = Buffer.alloc(PAYLOAD_BYTES)
    payload.writeUInt32BE(i)
    yield { payload }
  }
}
for await (const _ of writer.appendAll(source()));
await writer.close()

const reader = await openWal(`file:${path}`, { channel, accessMode: 'ro', budgetBytes })
const scanners = Array.from({ length: Number(readers) }, () => reader.read())
const beforeMiB = heldMiB()
const beforeRssMiB = residentMiB()
let wrong = 0
let next = 0
for (const count of [1, 5, 20]) {
  for (const scanner of scanners)
    for (let i = 0; i < count; i++) {
      const { value } = await scanner.next()
      if (value === undefined || Buffer.from(value.payload).readUInt32BE() !== next + i) wrong++
    }
  next += count
}
const stoppedMiB = heldMiB()
const stoppedRssMiB = residentMiB()
await reader.close()
process.stdout.write(
  `${JSON.stringify({ wrong, beforeMiB, stoppedMiB, beforeRssMiB, stoppedRssMiB, ...measured() })}\n`,
)
