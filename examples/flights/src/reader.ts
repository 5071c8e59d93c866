import { setTimeout as sleep } from 'node:timers/promises'
import { openWal, type ReadOnlyWAL, WalError } from '@wal/core'
import { loadBackend } from './backends.js'
import { indexOf } from './input.js'
import type { Follow, Log } from './log.js'
import { Summarizer, type Summary } from './summary.js'

export interface ReaderJob extends Log {
  readonly name: string
  /** How many records there will be. */
  readonly total: number
  /** Index of a record to flip a byte of, after it was delivered and before it is looked at. */
  readonly damagedIndex?: number | undefined
}

/** What a reader got. */
export interface Reading extends Summary {
  readonly name: string
  readonly seconds: number
  /** Of the last record. */
  readonly position: string
}

/** Reads from the first record on, waits at the end for more, and is done with the last record of the input. */
export async function readFlights(job: ReaderJob, { signal, progress }: Follow): Promise<Reading> {
  await loadBackend(job.backend)
  await using wal = await openWhenThere(job, signal)
  const started = performance.now()
  const summarizer = new Summarizer(job.total)
  let count = 0
  for await (const message of wal.read({ signal })) {
    const index = indexOf(message)
    const { payload, position } = message
    if (index === job.damagedIndex) payload[0] = (payload[0] as number) ^ 0xff
    summarizer.add(index, payload)
    if (++count % 1000 === 0) progress(count)
    if (index === job.total - 1) {
      progress(count)
      const seconds = (performance.now() - started) / 1000
      return { name: job.name, ...summarizer.summary(), seconds, position }
    }
  }
  throw new Error(`${job.name}: the log ended after ${count} records; a tailing reader should wait`)
}

/** The first writer makes the log; a reader never does, and may be there before. */
async function openWhenThere({ url, channel }: Log, signal: AbortSignal): Promise<ReadOnlyWAL> {
  for (;;) {
    try {
      return await openWal(url, { channel, accessMode: 'ro', signal })
    } catch (error) {
      if (!WalError.isInstance(error) || error.code !== 'WAL_CHANNEL_NOT_FOUND') throw error
      await sleep(20, undefined, { signal })
    }
  }
}
