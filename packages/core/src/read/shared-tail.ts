import type { Joining, LogTail, TailReader } from './log-tail.js'
import type { ReadContext } from './read-context.js'
import { TailFeed, type TailFeedOptions } from './tail-feed.js'

/** How often a feed that is behind is asked to read on for a reader that would join it. */
const READS_TO_JOIN = 4

/**
 * The tail of a log whose writer is elsewhere. The first scanner that finds the end starts a feed, which reads in the
 * backend for all scanners that find the end later. So neither the backend nor the decoding has more work for more scanners.
 */
export class SharedTail implements LogTail {
  readonly #context: ReadContext
  readonly #options: TailFeedOptions
  #feed: TailFeed | undefined

  /** `context` is what the feeds read with. */
  constructor(context: ReadContext, options: TailFeedOptions) {
    this.#context = context
    this.#options = options
  }

  async join(joining: Joining, atEnd: boolean, signal: AbortSignal): Promise<TailReader | undefined> {
    // A reader joins only right after the backend told it of the end. So what the feed says of the end is never older news.
    if (!atEnd) return undefined
    for (let reads = 0; ; reads++) {
      const feed = this.#feed
      if (feed === undefined || feed.closed) return this.#start(joining, signal)
      // The backend answers again: the reader's own scanner has just had an answer.
      if (feed.failing) return this.#replace(feed, joining, signal)
      if (feed.holds(joining)) return feed.reader(joining.timeTick, signal)
      // The feed is past the reader's record, and no longer holds what follows. The reader joins at a later record.
      if (feed.newest >= joining.timeTick) return undefined
      if (feed.atEnd) {
        // The reader is ahead: what it has read last was stored after the feed's last read.
        feed.readOn()
        return undefined
      }
      if (reads === READS_TO_JOIN) return this.#replace(feed, joining, signal)
      await feed.changed(signal)
    }
  }

  /** The feed fails, or its readers stopped long ago. Should they go on, each reads in the backend by itself. */
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
