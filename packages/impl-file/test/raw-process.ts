import { systemRuntime } from '@wal/walimpls'
import { fileBuilder } from '../src/builder.js'
import { batchOf, textOf } from './batches.js'

/**
 * A process that calls the backend directly, to be stopped and killed. `write` appends and prints `ack ID TEXT` for every record, and
 * `fenced` when it is fenced; several batches of several records are in flight. `tail` reads and prints `got ID TEXT` forever.
 */
const [role = '', path = '', name = '', limit = '1000000'] = process.argv.slice(2)
const opener = await fileBuilder.build({ path, segmentBytes: 65_536 }, systemRuntime)
const say = (line: string) => process.stdout.write(`${line}\n`)

if (role === 'write') {
  const wal = await opener.open('orders', { term: 1, incarnation: name })
  let sequence = 0
  const store = async () => {
    const texts = Array.from({ length: 1 + (sequence % 7) }, (_, i) => `${name}-${sequence + i}`)
    const batch = batchOf(sequence, texts, sequence % 500)
    sequence += texts.length
    const ids = await wal.append(batch)
    for (const [i, id] of ids.entries()) say(`ack ${id.value} ${texts[i]}`)
  }
  try {
    await store()
    say('open')
    while (sequence < Number(limit)) await Promise.all([store(), store()])
  } catch (error) {
    say(`${(error as { code?: string }).code === 'WAL_FENCED' ? 'fenced' : 'failed'} ${String(error)}`)
  }
} else {
  const wal = await opener.openReadOnly('orders')
  const scanner = wal.read({ start: 'oldest', maxBytes: 100_000 })
  say('open')
  for (;;)
    for (const message of (await scanner.next()) ?? []) say(`got ${message.id.value} ${textOf(message)}`)
}
// The process has to end by itself now. If the backend kept it alive, the test would fail by its time limit.
await opener.close()
