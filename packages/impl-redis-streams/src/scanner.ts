import { type ScannerImpls, type ScannerOptions, type StoredMessage, WalError } from '@wal/walimpls'
import { type Lifetime, PagedScanner, ReadAhead, type WakeUpListener } from '@wal/walimpls/helper'
import type { PublishedWakeUps } from './client/wake-ups.js'
import { Continuity, isAfter, type LogEnds, truncated } from './continuity.js'
import type { LogPage, LogView } from './log-view.js'
import type { Entry } from './stored/entry-decoder.js'
import { messageIds, type RedisStreamsId } from './stored/message-id.js'

export interface ScannerParts {
  readonly view: LogView
  readonly wakeUps: PublishedWakeUps
  readonly options: ScannerOptions<RedisStreamsId>
  /** Whether a missing stream is an error. A log that is open for writing may have no stream before its first record. */
  readonly mustExist: () => boolean
  readonly log: Lifetime
}

export function openScanner(parts: ScannerParts): ScannerImpls<RedisStreamsId> {
  const { options, wakeUps, view } = parts
  const wakeUp = wakeUps.listener(view.keys)
  const pages = new Pages(parts, wakeUp)
  return new PagedScanner<RedisStreamsId>({
    options,
    owner: parts.log,
    begin: () => pages.begin(),
    page: (maxBytes) => pages.next(maxBytes),
    waitForMore: (signal) => wakeUp.wait(signal),
    async release() {
      wakeUp.leave()
      await pages.settled()
    },
  })
}

const BEFORE_ALL_ID = messageIds.of(0, 0)

/** Reads a log page by page. The next page is requested while the records of the last one are given out. */
class Pages {
  readonly #continuity: Continuity
  readonly #place: string
  #entries: readonly Entry[] = []
  #at = 0
  /** The last page reached the log's end. The next call of `next` gives an empty array for it, without asking the server. */
  #ended = false
  readonly #ahead = new ReadAhead<LogPage | undefined>()
  /** An error found in a page. It is thrown after the records before the faulty one have been given out. */
  #failure: unknown
  readonly #parts: ScannerParts
  readonly #wakeUp: Pick<WakeUpListener, 'heard'>

  constructor(parts: ScannerParts, wakeUp: Pick<WakeUpListener, 'heard'>) {
    this.#parts = parts
    this.#wakeUp = wakeUp
    this.#place = `the stream ${parts.view.keys.stream}`
    this.#continuity = new Continuity(this.#place)
  }

  async begin(): Promise<void> {
    const { view, options } = this.#parts
    const { start } = options
    const look = await view.look()
    if (!look.exists) this.#checkMissing()
    if (start === 'oldest' || start === 'latest') {
      const after = look.exists ? (start === 'latest' ? look.last : look.below) : undefined
      this.#continuity.startAfter(after ?? BEFORE_ALL_ID)
    } else this.#startAt(start.from, look)
  }

  #startAt(id: RedisStreamsId, ends: LogEnds): void {
    messageIds.compare(id, id)
    const { oldest, below } = ends
    if (below === undefined || isAfter(id, below)) this.#continuity.startAt(id)
    else throw truncated(this.#place, id, oldest)
  }

  async next(maxBytes: number): Promise<readonly StoredMessage<RedisStreamsId>[]> {
    if (this.#at === this.#entries.length) {
      if (this.#ended) {
        this.#ended = false
        return []
      }
      await this.#turn(maxBytes)
    }
    return this.#cut(maxBytes)
  }

  /** Resolves when no page is being requested any more. */
  settled(): Promise<void> {
    return this.#ahead.drop()
  }

  async #turn(maxBytes: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const { from } = this.#continuity
    const page = await (this.#ahead.take(from) ?? this.#fetch(from, maxBytes))
    if (page === undefined) {
      this.#checkMissing()
      return
    }
    const { entries } = page
    if (entries.length === 0) this.#continuity.atEnd(page)
    this.#entries = this.#whole(entries)
    this.#at = 0
    // This check comes before the reader is told that it has reached the end, since it would then wait for records that are
    // gone.
    if (page.ended && entries.length > 0) this.#failure ??= this.#continuity.missingBehind(page)
    this.#ended = page.ended && entries.length > 0 && this.#failure === undefined
    if (page.ended || this.#failure !== undefined) return
    const next = this.#continuity.from
    this.#ahead.begin(next, this.#fetch(next, maxBytes))
  }

  #whole(entries: readonly Entry[]): readonly Entry[] {
    for (let i = 0; i < entries.length; i++) {
      try {
        this.#continuity.take(entries[i] as Entry)
      } catch (error) {
        if (i === 0) throw error
        this.#failure = error
        return entries.slice(0, i)
      }
    }
    return entries
  }

  #fetch(from: string, bytes: number): Promise<LogPage | undefined> {
    this.#wakeUp.heard()
    return this.#parts.view.page(from, bytes)
  }

  #cut(maxBytes: number): readonly StoredMessage<RedisStreamsId>[] {
    const messages: StoredMessage<RedisStreamsId>[] = []
    for (let bytes = 0; this.#at < this.#entries.length; this.#at++) {
      const { message, bytes: size } = this.#entries[this.#at] as Entry
      bytes += size
      if (messages.length > 0 && bytes > maxBytes) break
      messages.push(message)
    }
    if (this.#at === this.#entries.length) {
      this.#entries = []
      this.#at = 0
    }
    return messages
  }

  #checkMissing(): void {
    if (this.#parts.mustExist()) throw missing(this.#place)
  }
}

export function missing(place: string): WalError {
  return new WalError('WAL_CHANNEL_NOT_FOUND', `${place} does not exist: it was removed, or never made.`)
}
