import { once } from 'node:events'
import { openWal, type WAL } from '@wal/core'
import { loadBackend } from './backends.js'
import { jobDone, takeJob, tellParent } from './child-process.js'
import { type Flight, indexOf, loadFlights, messageOf } from './input.js'
import type { Acked, Log } from './log.js'
import { countSyncs } from './sync-counter.js'

/** The program of the writer. It may be killed at any instruction and started again. */

export interface WriterJob extends Log {
  readonly total: number
  /** The last record that was acknowledged to an earlier writer. */
  readonly acked: Acked | undefined
  /** The writer sends a report after this many acknowledged records. */
  readonly reportEvery: number
}

export type WriterReport =
  | { readonly kind: 'opened'; readonly term: number; readonly durable: number; readonly notices: string[] }
  | { readonly kind: 'acked'; readonly acked: Acked; readonly syncs: number }

/** The parent's answer to a report of the writer. */
export interface Allowance {
  /** The writer may append the records below this index, and then has to wait for the next answer. */
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

  // Opens for writing at a term above every earlier one, so that no earlier writer can append any more.
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
 * The index of the last record in the log; −1 when there is none. The log has every acknowledged record. Of the records that
 * were in flight when the writer was killed, it may have some.
 */
async function lastDurable(wal: WAL, acked: Acked | undefined): Promise<number> {
  // Reading begins at the last record known to be acknowledged, to check that it is still there.
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
