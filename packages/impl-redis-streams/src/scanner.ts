import { type ScannerImpls, type ScannerOptions, type StoredMessage, WalError } from '@wal/walimpls'
import { type Lifetime, PagedScanner } from '@wal/walimpls/helper'
import type { WakeUps } from './client/wake-ups.js'
import { Continuity, isAfter, type LogEnds, truncated } from './continuity.js'
import type { LogPage, LogView } from './log-view.js'
import type { Entry } from './stored/entry-decoder.js'
import { messageIds, type RedisStreamsId } from './stored/message-id.js'

export interface ScannerParts {
  readonly view: LogView
  readonly wakeUps: WakeUps
  readonly options: ScannerOptions<RedisStreamsId>
  /** Whether there must be a stream: a log open for writing may have no record yet. */
  readonly mustExist: () => boolean
  readonly log: Lifetime
}

export function openScanner(parts: ScannerParts): ScannerImpls<RedisStreamsId> {
  const { options, wakeUps, view } = parts
  const pages = new Pages(parts)
  let leave: (() => void) | undefined
  return new PagedScanner<RedisStreamsId>({
    options,
    owner: parts.log,
    begin: () => pages.begin(),
    page: (maxBytes) => pages.next(maxBytes),
    waitForMore(signal) {
      // A reader that never waits needs no subscription.
      leave ??= wakeUps.enter(view.keys)
      return wakeUps.wait(view.keys, pages.seen, signal)
    },
    async release() {
      leave?.()
      await pages.settled()
    },
  })
}

const BEFORE_ALL_ID = messageIds.of(0, 0)

/** The records of a log, page by page; while one is given out the next is on its way. */
class Pages {
  /** State of the wake-ups before the last look. */
  seen = 0
  readonly #continuity: Continuity
  readonly #place: string
  #entries: readonly Entry[] = []
  #at = 0
  /** The last page ended with the log: the next call says so without asking again. */
  #ended = false
  #ahead: Promise<LogPage | undefined> | undefined
  /** Thrown once what is whole before it has been given out. */
  #failure: unknown
  readonly #parts: ScannerParts

  constructor(parts: ScannerParts) {
    this.#parts = parts
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

  /** Resolves when nothing is on its way any more. */
  async settled(): Promise<void> {
    await this.#ahead?.catch(() => {})
  }

  async #turn(maxBytes: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const page = await (this.#ahead ?? this.#fetch(this.#continuity.from, maxBytes))
    this.#ahead = undefined
    if (page === undefined) {
      this.#checkMissing()
      return
    }
    const { entries } = page
    if (entries.length === 0) this.#continuity.atEnd(page)
    this.#entries = this.#whole(entries)
    this.#at = 0
    // Before the end is told, behind which a reader waits for more.
    if (page.ended && entries.length > 0) this.#failure ??= this.#continuity.missingBehind(page)
    this.#ended = page.ended && entries.length > 0 && this.#failure === undefined
    if (page.ended || this.#failure !== undefined) return
    this.#ahead = this.#fetch(this.#continuity.from, maxBytes)
    // Its error comes out of the next page, if one is asked for.
    this.#ahead.catch(() => {})
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
    const { view, wakeUps } = this.#parts
    this.seen = wakeUps.version(view.keys)
    return view.page(from, bytes)
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
