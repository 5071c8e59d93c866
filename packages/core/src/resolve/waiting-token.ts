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

/** The caller of `resolve`, who waits for the answer. Exactly one of the two functions is called, once. */
export interface TokenOwner {
  resolve(resolution: AppendResolution): void
  reject(error: unknown): void
}

/**
 * One call of `resolve`: the messages that its token names, and the records that were found of them. The search goes by time
 * tick: first for the record that was acknowledged last before the messages were sent, then for each message.
 */
export class WaitingToken implements Ticked {
  readonly token: OutcomeToken
  readonly owner: TokenOwner
  /** The time tick of the record that is looked for now. */
  next: TimeTick
  /** Whether the record before the messages was found. From that record on the messages' writer is the current one. */
  found = false
  /** Whether the caller has its answer, or has given up. */
  settled = false
  /** Whether the token was there when the present reading of the log began. */
  fromStart = false
  /** How many times a reading of the log found that records which concern this token are gone. */
  gaps = 0
  /** How many times the log's end was reached before the record before the messages was found. */
  ends = 0
  /** The truncation point, if the record before the messages was truncated. The search then starts at the log's beginning. */
  truncation: TruncationPoint | undefined
  #run = 0
  #results: AppendResult[] = []

  constructor(token: OutcomeToken, owner: TokenOwner) {
    this.token = token
    this.owner = owner
    this.next = token.ackedBefore.timeTick
  }

  /** The record at which the search starts: it has to be found before the messages. */
  get before(): Pick<KnownPlace, 'writer' | 'timeTick'> {
    const { writer, ackedBefore } = this.token
    return this.truncation ?? { writer, timeTick: ackedBefore.timeTick }
  }

  /** The time tick of the last message. A record with a greater one ends the search. */
  get last(): TimeTick {
    const { runs } = this.token
    const { first, count } = runs[runs.length - 1] as TickRun
    return first + BigInt(count - 1)
  }

  /** Starts the search. `truncation`: where the log begins, if the record before the messages was truncated. */
  begin(truncation: TruncationPoint | undefined): void {
    this.truncation = truncation
    this.found = false
    this.next = this.before.timeTick
    this.#run = 0
    this.#results = []
  }

  /**
   * Takes the next record whose time tick is at least `next`. Returns the answer for the caller; `lost` if the record that must
   * come before the messages is not in the log; undefined if more records are needed.
   */
  see(record: LogRecord, context: ReadContext): AppendResolution | 'lost' | undefined {
    if (!this.found) return this.#seeBefore(record)
    if (record.timeTick === this.next) this.#results.push(this.#resultOf(record, context))
    return this.#goOnBehind(record.timeTick) ? undefined : this.verdict()
  }

  /** The answer, once no message that was not found can be stored any more. */
  verdict(): AppendResolution {
    const results = this.#results
    if (results.length === 0) return { outcome: 'not-written' }
    return { outcome: results.length === this.token.total ? 'written' : 'partly', results }
  }

  /** Starts behind the record before the messages, when that record was the last one read. */
  startHere(): void {
    this.found = true
    this.#goOnBehind(this.before.timeTick)
  }

  #seeBefore(record: LogRecord): AppendResolution | 'lost' | undefined {
    const { writer } = this.before
    if (record.timeTick !== this.next || !isSameWriter(record, writer)) return 'lost'
    this.startHere()
    // The current writer at the log's beginning is newer than the messages' writer, so the messages are void.
    return isSameWriter(writer, this.token.writer) ? undefined : this.verdict()
  }

  /** Looks for the first message above this time tick from now on. Returns false if there is none. */
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
