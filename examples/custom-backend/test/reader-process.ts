import { systemRuntime } from '@wal/walimpls'
import { sqliteBuilder } from '../src/index.js'

// Reads from the beginning and says each record, until it is killed.
const [directory] = process.argv.slice(2) as [string]
const opener = await sqliteBuilder.build({ directory }, systemRuntime)
const wal = await opener.openReadOnly('orders')
const scanner = wal.read({ start: 'oldest', maxBytes: 10_000 })
for (;;) {
  const messages = (await scanner.next()) ?? []
  process.stdout.write(messages.map(({ id, payload }) => `${id} ${Buffer.from(payload)}\n`).join(''))
}
