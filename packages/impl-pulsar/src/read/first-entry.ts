import type { Runtime } from '@wal/walimpls'
import { CallFailure, deferred } from '@wal/walimpls/helper'
import { comparePlaces, placeText } from '../driver/place.js'
import type { EntryPlace, PulsarDriver, ReceivedEntry } from '../driver/pulsar-driver.js'

/** A topic, and how it is read. */
export interface ReadTopic {
  readonly driver: PulsarDriver
  /** The whole name: `persistent://tenant/namespace/orders`. */
  readonly topic: string
  readonly runtime: Pick<Runtime, 'setTimeout'>
  readonly requestTimeoutMs: number
}

/** Reads the first entry at or behind a place, whole. Undefined when the topic keeps none there. */
export async function firstEntry(
  { driver, topic, runtime, requestTimeoutMs }: ReadTopic,
  start: 'earliest' | EntryPlace,
): Promise<ReceivedEntry | undefined> {
  const found = deferred<ReceivedEntry | undefined>()
  // Nobody waits for it when the topic turns out to have no entry there.
  found.promise.catch(() => {})
  const reader = await driver.reader(topic, {
    start,
    whole: true,
    entry: found.resolve,
    ended: found.reject,
  })
  const timer = runtime.setTimeout(() => found.reject(notGiven(topic, requestTimeoutMs)), requestTimeoutMs)
  try {
    reader.permit(1)
    const last = await reader.last()
    if (last === undefined || (start !== 'earliest' && comparePlaces(last, start) < 0))
      found.resolve(undefined)
    return await found.promise
  } finally {
    timer.clear()
    await reader.close()
  }

  function notGiven(name: string, waitedMs: number): CallFailure {
    const where = start === 'earliest' ? 'its first entry' : `the entry ${placeText(start)}`
    return new CallFailure(`the broker did not give ${where} of the topic ${name} within ${waitedMs} ms`)
  }
}
