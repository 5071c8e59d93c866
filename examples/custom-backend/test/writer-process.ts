import { systemRuntime } from '@wal/walimpls'
import { sqliteBuilder } from '../src/index.js'

// Appends a batch after another and says each that was stored, until it is killed.
const [directory, term] = process.argv.slice(2) as [string, string]
const opener = await sqliteBuilder.build({ directory }, systemRuntime)
const writer = { term: Number(term), incarnation: `p${process.pid}` }
const wal = await opener.open('orders', writer)
let stored = true
for (let sequence = 0; stored; sequence += 2) {
  const messages = [0, 1].map((i) => ({
    payload: Buffer.from(`${term} ${sequence + i}`),
    properties: ['filler', 'x'.repeat(sequence % 3000)],
  }))
  try {
    const ids = await wal.append({ sequence, messages, bytes: 0 })
    process.stdout.write(messages.map(({ payload }, i) => `${ids[i]} ${payload}\n`).join(''))
  } catch (error) {
    stored = false
    process.stdout.write(`${(error as { code?: string }).code}\n`)
  }
  await systemRuntime.yield()
}
await opener.close()
