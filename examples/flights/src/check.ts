import { openWal } from '@wal/core'
import { DemoFailure } from './demo-failure.js'
import { type Flight, indexOf, payloadOf } from './input.js'
import type { Log } from './log.js'
import type { Reading } from './reader.js'
import { Summarizer, type Summary } from './summary.js'

/** Throws if a reader got anything but the input, and says where the two part. */
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

/** Order, then payloads, then count, then the SHA-256 that would notice anything else. */
function differenceOf(got: Summary, input: Summary): string | undefined {
  const { misplaced } = got
  if (misplaced) return `in place ${misplaced.place} came the record with index ${misplaced.index}`
  const at = got.checksums.findIndex((checksum, index) => checksum !== input.checksums[index])
  if (at >= 0 && at < got.count) return `the payload of the record with index ${at} is not that of the input`
  if (got.count !== input.count) return `${got.count} records, not ${input.count}`
  if (got.sha256 !== input.sha256) return `SHA-256 is ${got.sha256}, that of the input ${input.sha256}`
  return undefined
}

/** The readers leave with the last record of the input. It must be the last of the log as well. */
export async function checkNothingFollows(log: Log, [reading]: readonly Reading[]): Promise<void> {
  if (reading === undefined) return
  await using wal = await openWal(log.url, { channel: log.channel, accessMode: 'ro' })
  for await (const message of wal.read({ after: reading.position, until: 'end' })) {
    throw new DemoFailure(`the log goes on after the last record: with another of index ${indexOf(message)}`)
  }
}
