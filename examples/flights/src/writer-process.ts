import { once } from 'node:events'
import { openWal, type WAL } from '@wal/core'
import { loadBackend } from './backends.js'
import { jobDone, takeJob, tellParent } from './child-process.js'
import { type Flight, indexOf, loadFlights, messageOf } from './input.js'
import type { Acked, Log } from './log.js'
import { countSyncs } from './sync-counter.js'

/** The writer: a process that may be killed at any instruction, and started again. */

export interface WriterJob extends Log {
  readonly total: number
  /** The last record that a writer before this one got acknowledged. */
  readonly acked: Acked | undefined
  /** After how many acknowledged records it tells. */
  readonly reportEvery: number
}

export type WriterReport =
  | { readonly kind: 'opened'; readonly term: number; readonly durable: number; readonly notices: string[] }
  | { readonly kind: 'acked'; readonly acked: Acked; readonly syncs: number }

/** The answer to each report. */
export interface Allowance {
  /** The writer may append the records below this index, and has to wait for the next answer then. */
  readonly below: number
}

let allowedBelow = 0

async function write(job: WriterJob): Promise<void> {
  process.on('message', ({ below }: Allowance) => {
    allowedBelow = below
  })
  await loadBackend(job.backend)
  const flights = await loadFlights(job.total)
  const { runtime, syncs } = countSyncs()

  // For writing, at the term above all that the log has seen: no writer before this one can append any more.
  await using wal = await openWal(job.url, { channel: job.channel, runtime })
  const durable = await lastDurable(wal, job.acked)
  const { term } = wal.channel
  await tellParent({ kind: 'opened', term, durable, notices: [...wal.guarantees.warnings] })

  // Results come in the order of the messages, each when its message is durable.
  let index = durable
  for await (const { position } of wal.appendAll(messagesFrom(durable + 1, flights))) {
    index++
    if (index % job.reportEvery === 0 || index === flights.length - 1)
      await tellParent({ kind: 'acked', acked: { index, position }, syncs: syncs() })
  }
}

/**
 * Index of the last record in the log, −1 if there is none. Everything acknowledged is there, and what was under way
 * when the writer before was killed may be there or not; the log alone knows.
 */
async function lastDurable(wal: WAL, acked: Acked | undefined): Promise<number> {
  // Reading begins with the last record known to be acknowledged, so that we see that it is still there.
  let next = acked?.index ?? 0
  for await (const message of wal.read({ until: 'end', ...(acked && { from: acked.position }) })) {
    const index = indexOf(message)
    if (index !== next) throw new Error(`the log has record ${index} where record ${next} belongs`)
    next++
  }
  if (acked && next === acked.index) throw new Error(`record ${acked.index} was acknowledged and is gone`)
  return next - 1
}

async function* messagesFrom(first: number, flights: readonly Flight[]) {
  for (let index = first; index < flights.length; index++) {
    while (index >= allowedBelow) await once(process, 'message')
    yield messageOf(flights[index] as Flight, index)
  }
}

await write(takeJob<WriterJob>())
jobDone()
