import { invoked, namedRecord, notAcked, written } from '@wal/conformance'
import { type AppendError, openWal, type WAL } from '@wal/core'
import type { EventBody } from '../../../conformance/src/history/history-event.js'
import { sharedNanoseconds } from '../../../conformance/src/processes/merged-history.js'
import { pulsarBuilder } from '../../src/builder.js'
import type { OldWriterLine, OldWriterTask } from './old-writer-task.js'

/** The program of the older writer: it appends until it is fenced, and prints the history of that. */

/** So many loops append at the same time, so that appends are in flight when the process is stopped. */
const LOOPS = 8

const task = JSON.parse(process.argv[2] ?? '') as OldWriterTask

function say(line: OldWriterLine): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(line)}\n`, () => resolve()))
}

const note = (event: EventBody, token?: string) =>
  say({ event, at: `${sharedNanoseconds()}`, ...(token === undefined ? {} : { token }) })

const wal: WAL = await openWal('pulsar:', {
  ...{ builder: pulsarBuilder, backend: { ...task.options }, channel: task.channel, fenceCheckMs: 100 },
})
const writer = { term: wal.channel.term, incarnation: 'older' }
wal.signal.addEventListener('abort', () => void note({ kind: 'fenced', writer }), { once: true })
await note({ kind: 'opened', writer })

let next = 0
let ended = false

async function append(): Promise<void> {
  const name = `older-${next++}`
  const record = namedRecord(name, 30 + ((next * 37) % 900))
  // Tells of the append before it begins, so that no stored message is without a name in the history.
  await note(invoked(name, writer, record))
  try {
    await note(written(name, await wal.append(record)))
  } catch (error) {
    ended = true
    const { code, token } = error as AppendError
    await note(notAcked(name, error as Parameters<typeof notAcked>[1]), token)
    await say({ ended: code })
  }
}

const loop = async () => {
  while (!ended) await append()
}
await Promise.all(Array.from({ length: LOOPS }, loop))
await wal.close()
