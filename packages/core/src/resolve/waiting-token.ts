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

/** Who waits. Exactly one of the two is called, once. */
export interface TokenOwner {
  resolve(resolution: AppendResolution): void
  reject(error: unknown): void
}

/**
 * One call of `resolve`: what its token names, and how much of that was found by now. It looks for one time tick after the
 * other: for that of the record that lies before the messages, then for those of the messages.
 */
export class WaitingToken implements Ticked {
  readonly token: OutcomeToken
  readonly owner: TokenOwner
  /** The time tick that it looks for. */
  next: TimeTick
  /** The record that lies before the messages was found: from then on the messages' writer is the current one. */
  found = false
  /** Its owner knows the verdict, or waits no longer. */
  settled = false
  /** It was there when the pass that it is part of began to read. */
  fromStart = false
  /** How often records were gone where it had to read on. */
  gaps = 0
  /** How often the log's end was reached without the record that lies before the messages. */
  ends = 0
  /** The log begins behind the record that was acknowledged before; that of the truncation point stands in for it. */
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

  /** Of the last message: a greater time tick in the log ends the search. */
  get last(): TimeTick {
    const { runs } = this.token
    const { first, count } = runs[runs.length - 1] as TickRun
    return first + BigInt(count - 1)
  }

  /** Looks from the beginning. `truncation`: where the log begins, when that is not below the record before. */
  begin(truncation: TruncationPoint | undefined): void {
    this.truncation = truncation
    this.found = false
    this.next = this.before.timeTick
    this.#run = 0
    this.#results = []
  }

  /**
   * The next record that counts, whose time tick is not below `next`. Answers a verdict, or `lost` when the record that has
   * to come first is not in the log, or undefined when others have to follow.
   */
  see(record: LogRecord, context: ReadContext): AppendResolution | 'lost' | undefined {
    if (!this.found) return this.#seeBefore(record)
    if (record.timeTick === this.next) this.#results.push(this.#resultOf(record, context))
    return this.#goOnBehind(record.timeTick) ? undefined : this.verdict()
  }

  /** What is certain once none of the messages can follow any more. */
  verdict(): AppendResolution {
    const results = this.#results
    if (results.length === 0) return { outcome: 'not-written' }
    return { outcome: results.length === this.token.total ? 'written' : 'partly', results }
  }

  /** The record before its messages is the last one that was read. */
  startHere(): void {
    this.found = true
    this.#goOnBehind(this.before.timeTick)
  }

  #seeBefore(record: LogRecord): AppendResolution | 'lost' | undefined {
    const { writer } = this.before
    if (record.timeTick !== this.next || !isSameWriter(record, writer)) return 'lost'
    this.startHere()
    // A newer writer was current where the log begins: what the older one stored above it does not count.
    return isSameWriter(writer, this.token.writer) ? undefined : this.verdict()
  }

  /** Looks for the first message above a time tick; whether there is one. */
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
    return new StoredResult(place, 0, id, vchannel)
  }
}
