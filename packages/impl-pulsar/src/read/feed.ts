import { CallFailure } from '@wal/walimpls/helper'
import { comparePlaces, placeText } from '../driver/place.js'
import type { EntryReader, LastEntry, ReaderOptions, ReceivedEntry } from '../driver/pulsar-driver.js'
import type { ReadTopic } from './first-entry.js'
import { Permits } from './permits.js'

export interface FeedParts {
  readonly topic: ReadTopic
  readonly shareBytes: number
  /** Takes the entries that come. `bytes` is what it holds of them. */
  readonly queue: { push(entry: ReceivedEntry): void; readonly bytes: number }
  /** Called when an entry has come, or when none will. */
  changed(): void
}

type Mark = Pick<ReceivedEntry, 'place' | 'producer' | 'sequence' | 'count' | 'bytes'>

/**
 * Lets the broker send entries into a queue, as many as fit into the share. Permits were given before it was known how large the
 * next entries are, and can't be taken back: when more comes than the share and one entry, the reader is closed, and what comes is
 * dropped. When there is room again, another reader begins at the last entry that was kept, and goes on behind it if it is the same
 * entry still.
 *
 * Example: a log has time ticks of 300 bytes, then entries of 4 MiB, and the share is 1 MiB. After some ticks a hundred permits are
 * outstanding. The first large entry is kept, the second closes the reader. From then on each permit counts 4 MiB.
 */
export class Feed {
  readonly #parts: FeedParts
  readonly #permits: Permits
  #reader: EntryReader | undefined
  #opening: Promise<void> | undefined
  #left: Promise<void> = Promise.resolve()
  #last: Mark | undefined
  /** The entry with which a reader has to begin that goes on where another was left. */
  #expected: Mark | undefined
  #ended: { readonly error: unknown } | undefined
  #closed = false

  constructor(parts: FeedParts) {
    this.#parts = parts
    this.#permits = new Permits(parts.shareBytes)
  }

  /** Why no more entries come; undefined while they may. */
  get ended(): { readonly error: unknown } | undefined {
    return this.#ended
  }

  /** Opens the reader. Nothing comes before the first call of `renew`. */
  open(start: ReaderOptions['start']): Promise<void> {
    this.#opening = this.#open(start)
    return this.#opening
  }

  /** To be called when the queue has more room than before. */
  renew(): void {
    if (this.#closed || this.#ended !== undefined) return
    const { bytes } = this.#parts.queue
    if (this.#reader !== undefined) {
      const more = this.#permits.more(bytes)
      if (more > 0) this.#reader.permit(more)
    } else if (this.#opening === undefined && bytes * 2 <= this.#parts.shareBytes) {
      this.#opening = this.#goOn()
    }
  }

  /** The place of the topic’s last entry, asked of the broker now. */
  async last(): Promise<LastEntry | undefined> {
    this.renew()
    await this.#opening
    if (this.#ended !== undefined) throw this.#ended.error
    if (this.#reader === undefined) throw new CallFailure('the reader was closed')
    return this.#reader.last()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#opening?.catch(() => {})
    await Promise.all([this.#reader?.close(), this.#left])
  }

  async #open(start: ReaderOptions['start']): Promise<void> {
    const { driver, topic } = this.#parts.topic
    this.#reader = await driver.reader(topic, {
      start,
      entry: (entry) => this.#arrived(entry),
      ended: (error) => this.#end(error),
    })
    this.#opening = undefined
  }

  #arrived(entry: ReceivedEntry): void {
    if (this.#closed || this.#ended !== undefined) return
    this.#permits.spend(entry)
    const { queue, shareBytes } = this.#parts
    if (this.#expected !== undefined) this.#recognise(entry, this.#expected)
    else if (queue.bytes > 0 && queue.bytes >= shareBytes && entry.part === undefined) this.#leave()
    else {
      const { place, producer, sequence, count, bytes } = entry
      this.#last = { place, producer, sequence, count, bytes }
      queue.push(entry)
      this.#parts.changed()
    }
    this.renew()
  }

  /** Closes the reader, from which more has come than there is room for. */
  #leave(): void {
    const reader = this.#reader
    if (reader === undefined) return
    this.#reader = undefined
    this.#permits.forget()
    this.#left = reader.close()
    this.#left.catch((error) => this.#end(error))
  }

  async #goOn(): Promise<void> {
    const last = this.#last as Mark
    this.#expected = last
    try {
      await this.#left
      await this.#open(last.place)
      this.renew()
    } catch (error) {
      this.#end(error)
    }
  }

  #recognise(entry: ReceivedEntry, expected: Mark): void {
    this.#expected = undefined
    if (!isSame(entry, expected))
      this.#end(
        new CallFailure(
          `the entry ${placeText(expected.place)}, behind which the reader had to go on, is not there any more`,
        ),
      )
  }

  #end(error: unknown): void {
    if (this.#closed) return
    this.#ended ??= { error }
    this.#parts.changed()
  }
}

function isSame(a: Mark, b: Mark): boolean {
  return (
    comparePlaces(a.place, b.place) === 0 &&
    a.producer === b.producer &&
    a.sequence === b.sequence &&
    a.count === b.count &&
    a.bytes === b.bytes
  )
}
