import { systemRuntime } from '@wal/walimpls'
import { deferred, readOptions } from '@wal/walimpls/helper'
import { type FullPulsarOptions, optionTable, type PulsarOptions } from '../src/driver/options.js'
import { comparePlaces } from '../src/driver/place.js'
import type { EntryPlace, PulsarDriver } from '../src/driver/pulsar-driver.js'
import { openProtocolDriver } from '../src/protocol/protocol-driver.js'

/** An entry as the broker stores it. */
export interface RawEntry {
  readonly place: EntryPlace
  readonly producer: string | undefined
  readonly sequence: number | undefined
  readonly count: number
}

/** What a broker has stored, entry by entry, without the reader that is under test. */
export class RawLog implements AsyncDisposable {
  private constructor(readonly driver: PulsarDriver) {}

  static async connect(options: PulsarOptions): Promise<RawLog> {
    const full = readOptions<FullPulsarOptions>(optionTable, options, 'backend "pulsar"')
    const choice = { name: 'protocol', reason: 'a test looks at what is stored' } as const
    return new RawLog(await openProtocolDriver({ options: full, runtime: systemRuntime, choice }))
  }

  /** All entries that a topic of the namespace `public/default` keeps. */
  async entries(channel: string): Promise<RawEntry[]> {
    const all: RawEntry[] = []
    const { promise, resolve, reject } = deferred<void>()
    let end: EntryPlace | undefined
    const reader = await this.driver.reader(`persistent://public/default/${channel}`, {
      start: 'earliest',
      entry: ({ place, producer, sequence, count }) => {
        all.push({ place, producer, sequence, count })
        if (end !== undefined && comparePlaces(place, end) >= 0) resolve()
      },
      ended: reject,
    })
    promise.catch(() => {})
    end = await reader.last()
    if (end === undefined) return all
    reader.permit(1_000_000)
    await promise
    await reader.close()
    return all
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.driver.close()
  }
}
