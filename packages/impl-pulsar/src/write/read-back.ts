import { CallFailure, deferred } from '@wal/walimpls/helper'
import { comparePlaces } from '../driver/place.js'
import type { EntryPlace, EntryReader, ReceivedEntry } from '../driver/pulsar-driver.js'
import type { ReadTopic } from '../read/first-entry.js'
import { rolledBack } from '../read/missing-records.js'

/** An entry of the log without its messages: where it lies, and who stored it under which number. */
export type SeenEntry = Pick<ReceivedEntry, 'place' | 'producer' | 'sequence' | 'count'>

/**
 * The entry that was acknowledged last, and all entries behind it up to the log's present end. Rejects with `WAL_LOG_ROLLED_BACK`
 * when the log does not have the acknowledged one.
 */
export async function readBack(
  { driver, runtime, topic, requestTimeoutMs }: ReadTopic,
  acked: EntryPlace,
): Promise<readonly SeenEntry[]> {
  const entries: SeenEntry[] = []
  const { promise: done, resolve, reject } = deferred()
  done.catch(() => {})
  let reader: EntryReader | undefined
  let end: EntryPlace | undefined
  const timer = runtime.setTimeout(
    () => reject(new CallFailure(`no entry of the topic ${topic} came within ${requestTimeoutMs} ms`)),
    requestTimeoutMs,
  )
  try {
    reader = await driver.reader(topic, {
      start: acked,
      whole: true,
      entry: ({ place, producer, sequence, count }) => {
        entries.push({ place, producer, sequence, count })
        if (end !== undefined && comparePlaces(place, end) >= 0) resolve()
        else reader?.permit(count)
      },
      ended: reject,
    })
    end = await reader.last()
    if (end === undefined || comparePlaces(end, acked) < 0) throw rolledBack(topic, acked, end)
    reader.permit(1)
    await done
    const [first] = entries
    if (first === undefined || comparePlaces(first.place, acked) !== 0)
      throw rolledBack(topic, acked, first?.place)
    return entries
  } finally {
    timer.clear()
    // The answer is complete; what the close of a reader fails with is of no interest.
    await reader?.close().catch(() => {})
  }
}
