import type { Joining, LogTail, TailReader } from './log-tail.js'
import type { ReadContext } from './read-context.js'
import { TailFeed, type TailFeedOptions } from './tail-feed.js'

/** How often a feed that is behind is asked to read on for a reader that would join it. */
const READS_TO_JOIN = 4

/**
 * The tail of a log whose writer is elsewhere. The first scanner that meets the end starts a feed, which reads in the
 * backend for all that come after: their number costs neither the backend nor the decoding.
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
    // Who joins has been at the end itself, so what it is told of the end is never older than what it asked for.
    if (!atEnd) return undefined
    for (let reads = 0; ; reads++) {
      const feed = this.#feed
      if (feed === undefined || feed.closed) return this.#start(joining, signal)
      // The reader's own scanner has just had an answer.
      if (feed.failing) return this.#replace(feed, joining, signal)
      if (feed.holds(joining)) return feed.reader(joining.timeTick, signal)
      // It has gone on from there: the reader joins it at a later record.
      if (feed.newest >= joining.timeTick) return undefined
      if (feed.atEnd) {
        // What the reader has seen has only just come, or comes as soon as somebody asks for it.
        feed.readOn()
        return undefined
      }
      if (reads === READS_TO_JOIN) return this.#replace(feed, joining, signal)
      await feed.changed(signal)
    }
  }

  /** It fails, or its readers stopped long ago. What they leave unread they read by themselves, should they go on. */
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
