import { setTimeout as sleep } from 'node:timers/promises'
import { openWal, type ReadOnlyWAL, WalError } from '@wal/core'
import { loadBackend } from './backends.js'
import { indexOf } from './input.js'
import type { Follow, Log } from './log.js'
import { Summarizer, type Summary } from './summary.js'

export interface ReaderJob extends Log {
  readonly name: string
  /** How many records the input has. */
  readonly total: number
  /**
   * For a test of the demo: the index of a record of which one byte is changed after delivery, so that the check has to fail.
   */
  readonly damagedIndex?: number | undefined
}

/** What a reader has got. */
export interface Reading extends Summary {
  readonly name: string
  readonly seconds: number
  /** The position of the last record. */
  readonly position: string
}

/** Reads the log from its first record on, waits at the end for more, and ends with the last record of the input. */
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

/** Opening for reading never creates the log. A reader that starts before the first writer has to try again. */
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
