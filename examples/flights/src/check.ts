import { openWal } from '@wal/core'
import { DemoFailure } from './demo-failure.js'
import { type Flight, indexOf, payloadOf } from './input.js'
import type { Log } from './log.js'
import type { Reading } from './reader.js'
import { Summarizer, type Summary } from './summary.js'

/** Throws unless a reader got exactly the input. The error names the first record that differs. */
export function check(flights: readonly Flight[], readings: readonly Reading[]): void {
  const summarizer = new Summarizer(flights.length)
  flights.forEach((flight, index) => {
    summarizer.add(index, payloadOf(flight))
  })
  const input = summarizer.summary()
  const differences = readings.flatMap((reading) => {
    const difference = differenceOf(reading, input)
    return difference === undefined ? [] : [`${reading.name}: ${difference}`]
  })
  if (differences.length > 0) throw new DemoFailure(`not what was written: ${differences.join('; ')}`)
}

/** Compares the order, then the payloads, then the count, and last the SHA-256, which notices any other difference. */
function differenceOf(got: Summary, input: Summary): string | undefined {
  const { misplaced } = got
  if (misplaced) return `in place ${misplaced.place} came the record with index ${misplaced.index}`
  const at = got.checksums.findIndex((checksum, index) => checksum !== input.checksums[index])
  if (at >= 0 && at < got.count) return `the payload of the record with index ${at} is not that of the input`
  if (got.count !== input.count) return `${got.count} records, not ${input.count}`
  if (got.sha256 !== input.sha256) return `SHA-256 is ${got.sha256}, that of the input ${input.sha256}`
  return undefined
}

/** Throws when the log goes on behind the last record of the input, where the readers stopped. */
export async function checkNothingFollows(log: Log, [reading]: readonly Reading[]): Promise<void> {
  if (reading === undefined) return
  await using wal = await openWal(log.url, { channel: log.channel, accessMode: 'ro' })
  for await (const message of wal.read({ after: reading.position, until: 'end' })) {
    throw new DemoFailure(`the log goes on after the last record: with another of index ${indexOf(message)}`)
  }
}
