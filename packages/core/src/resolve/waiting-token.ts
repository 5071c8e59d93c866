import type { TimeTick } from '@wal/walimpls'
import type { AppendResolution, AppendResult } from '../api/wal.js'
import { StoredResult } from '../append/append-result.js'
import type { OutcomeToken, TickRun } from '../append/outcome-token.js'
import type { KnownPlace } from '../log/known-place.js'
import type { LogRecord } from '../log/log-record.js'
import { isSameWriter } from '../log/same-writer.js'
import type { TruncationPoint } from '../log/truncation-point.js'
import type { ReadContext } from '../read/read-context.js'
import type { Ticked } from './tick-heap.js'

/** The caller that waits for a verdict. One of the two is called, once. */
export interface TokenOwner {
  resolve(resolution: AppendResolution): void
  reject(error: unknown): void
}

/**
 * One call of `resolve`: what its token names, and how much of that was found so far. It waits for one time tick after the
 * other: first for the record that was acknowledged before its messages were sent, then for each message.
 */
export class WaitingToken implements Ticked {
  readonly token: OutcomeToken
  readonly owner: TokenOwner
  /** The time tick that it waits for now. */
  next: TimeTick
  /** The record before the messages was found. From there on their writer is the current one. */
  found = false
  /** The caller has its verdict, or has given up. */
  settled = false
  /** It was there when its pass began to read. */
  fromStart = false
  /** How often records that concern it were found gone. */
  gaps = 0
  /** How often the log's end was reached before the record before the messages was found. */
  ends = 0
  /** Set when the record before the messages was truncated: the record at the log's beginning is looked for instead. */
  truncation: TruncationPoint | undefined
  #run = 0
  #results: AppendResult[] = []

  constructor(token: OutcomeToken, owner: TokenOwner) {
    this.token = token
    this.owner = owner
    this.next = token.ackedBefore.timeTick
  }

  /** The record that has to be found before the messages. */
  get before(): Pick<KnownPlace, 'writer' | 'timeTick'> {
    const { writer, ackedBefore } = this.token
    return this.truncation ?? { writer, timeTick: ackedBefore.timeTick }
  }

  /** Time tick of the last message. A record with a greater one ends the search. */
  get last(): TimeTick {
    const { runs } = this.token
    const { first, count } = runs[runs.length - 1] as TickRun
    return first + BigInt(count - 1)
  }

  /** Begins the search. `truncation`: where the log begins, when the record before the messages was truncated. */
  begin(truncation: TruncationPoint | undefined): void {
    this.truncation = truncation
    this.found = false
    this.next = this.before.timeTick
    this.#run = 0
    this.#results = []
  }

  /**
   * Is shown the next record whose time tick is not below `next`. Answers the verdict; `lost` when the record that must come
   * before the messages is not in the log; undefined when further records are needed.
   */
  see(record: LogRecord, context: ReadContext): AppendResolution | 'lost' | undefined {
    if (!this.found) return this.#seeBefore(record)
    if (record.timeTick === this.next) this.#results.push(this.#resultOf(record, context))
    return this.#goOnBehind(record.timeTick) ? undefined : this.verdict()
  }

  /** The verdict, once none of the messages that were not found can follow any more. */
  verdict(): AppendResolution {
    const results = this.#results
    if (results.length === 0) return { outcome: 'not-written' }
    return { outcome: results.length === this.token.total ? 'written' : 'partly', results }
  }

  /** Begins behind the record before the messages, which is the last one that was read. */
  startHere(): void {
    this.found = true
    this.#goOnBehind(this.before.timeTick)
  }

  #seeBefore(record: LogRecord): AppendResolution | 'lost' | undefined {
    const { writer } = this.before
    if (record.timeTick !== this.next || !isSameWriter(record, writer)) return 'lost'
    this.startHere()
    // Where the log begins, a newer writer than the messages' was the current one: the messages are void.
    return isSameWriter(writer, this.token.writer) ? undefined : this.verdict()
  }

  /** Waits for the first message above a time tick from now on. Answers whether there is one. */
  #goOnBehind(timeTick: TimeTick): boolean {
    const { runs } = this.token
    for (; this.#run < runs.length; this.#run++) {
      const { first, count } = runs[this.#run] as TickRun
      if (first + BigInt(count - 1) <= timeTick) continue
      this.next = timeTick < first ? first : timeTick + 1n
      return true
    }
    return false
  }

  #resultOf({ id, vchannel, timeTick, lastConfirmed }: LogRecord, context: ReadContext): AppendResult {
    const { backend, ids } = context
    const { logIdentity, writer } = this.token
    const place = { context: { backend, ids, logIdentity, writer }, lastConfirmed, firstTimeTick: timeTick }
    return new StoredResult(place, id, { index: 0, vchannel })
  }
}
