import type { Joining, LogTail, TailReader } from './log-tail.js'
import type { ReadContext } from './read-context.js'
import { TailFeed, type TailFeedOptions } from './tail-feed.js'

/** How many times a feed is asked to read on to reach a reader that wants to join it, before a new feed replaces it. */
const READS_TO_JOIN = 4

/**
 * The tail of a log for readers in another process than the writer's. The first scanner that reaches the log's end starts a
 * feed: one backend scanner, which reads for every scanner that reaches the end later. So a thousand scanners at the end cost
 * the backend, and the decoding, no more than one.
 */
export class SharedTail implements LogTail {
  readonly #context: ReadContext
  readonly #options: TailFeedOptions
  #feed: TailFeed | undefined

  /** `context` and `options` are for the feeds that this tail starts, one at a time. */
  constructor(context: ReadContext, options: TailFeedOptions) {
    this.#context = context
    this.#options = options
  }

  async join(joining: Joining, atEnd: boolean, signal: AbortSignal): Promise<TailReader | undefined> {
    // A reader joins only right after the backend told it that no record follows. So whatever the feed knows about the end is
    // at least as new.
    if (!atEnd) return undefined
    for (let reads = 0; ; reads++) {
      const feed = this.#feed
      if (feed === undefined || feed.closed) return this.#start(joining, signal)
      // The feed's requests fail, but the reader's own request was just answered. So the feed is replaced.
      if (feed.failing) return this.#replace(feed, joining, signal)
      if (feed.holds(joining)) return feed.reader(joining.timeTick, signal)
      // The feed is past the reader's last record and has dropped records that the reader needs. The reader reads on from the
      // backend, and joins later.
      if (feed.newest >= joining.timeTick) return undefined
      if (feed.atEnd) {
        // The reader is ahead of the feed: its last record was stored after the feed's last request.
        feed.readOn()
        return undefined
      }
      if (reads === READS_TO_JOIN) return this.#replace(feed, joining, signal)
      await feed.changed(signal)
    }
  }

  /**
   * Starts a new feed in place of one that fails, or whose readers stopped asking long ago. Readers of the old feed go on with
   * a backend scanner each.
   */
  async #replace(feed: TailFeed, joining: Joining, signal: AbortSignal): Promise<TailReader | undefined> {
    const reader = this.#start(joining, signal)
    await feed.close()
    return reader
  }

  #start({ last, timeTick }: Joining, signal: AbortSignal): TailReader | undefined {
    if (last?.id === undefined || last.timeTick !== timeTick) return undefined
    const { id } = last
    this.#feed = new TailFeed(this.#context, { ...last, id }, this.#options)
    return this.#feed.reader(timeTick, signal)
  }
}
