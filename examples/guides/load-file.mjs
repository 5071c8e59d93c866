import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { openWal } from '@wal/core'
import '@wal/impl-file'

// Appends each line of a file as a message: `node load-file.mjs FILE`. Memory stays the same however long the file is.
const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('say which file: node load-file.mjs FILE')

async function* messages() {
  const encoder = new TextEncoder()
  for await (const line of createInterface({ input: createReadStream(file) }))
    yield { payload: encoder.encode(line) }
}

const wal = await openWal('file:./data', { channel: 'lines' })
let stored = 0
// A result comes when its message is on disk; the source is asked for more as results are taken.
for await (const { position } of wal.appendAll(messages())) {
  stored++
  if (stored % 100_000 === 0) console.log(`${stored} lines, up to ${position}`)
}
console.log(`${stored} lines are stored`)
await wal.close()
