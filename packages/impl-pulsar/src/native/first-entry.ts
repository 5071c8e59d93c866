import type { Runtime } from '@wal/walimpls'
import { CallFailure, deferred } from '@wal/walimpls/helper'
import type { FullPulsarOptions } from '../driver/options.js'
import { comparePlaces } from '../driver/place.js'
import type { EntryPlace, EntryReader, PulsarDriver } from '../driver/pulsar-driver.js'
import type { NativeStart } from './native-start.js'

interface Parts {
  readonly protocol: Pick<PulsarDriver, 'reader'>
  readonly runtime: Pick<Runtime, 'setTimeout'>
  readonly options: Pick<FullPulsarOptions, 'requestTimeoutMs'>
  readonly topic: string
}

/** The first entry that a reader from this start has to get, read by the other driver. To be called when there is one. */
export async function firstEntry(parts: Parts, start: NativeStart): Promise<EntryPlace> {
  const { protocol, runtime, options, topic } = parts
  const { requestTimeoutMs } = options
  const { promise: found, resolve, reject } = deferred<EntryPlace>()
  found.catch(() => {})
  const timer = runtime.setTimeout(
    () => reject(new CallFailure(`no entry of ${topic} came within ${requestTimeoutMs} ms`)),
    requestTimeoutMs,
  )
  let reader: EntryReader | undefined
  try {
    reader = await protocol.reader(topic, {
      start: start === 'earliest' ? start : 'at' in start ? start.at : start.behind,
      entry({ place, count }) {
        if (typeof start === 'object' && 'behind' in start && comparePlaces(place, start.behind) <= 0)
          reader?.permit(count)
        else resolve(place)
      },
      ended: reject,
    })
    reader.permit(1)
    return await found
  } finally {
    timer.clear()
    await reader?.close().catch(() => {})
  }
}
