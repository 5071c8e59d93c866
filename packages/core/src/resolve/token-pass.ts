import type { TimeTick, WalError, Writer } from '@wal/walimpls'
import { abortable } from '@wal/walimpls/helper'
import { isRolledBack, isTruncated } from '../log/classify.js'
import type { LogEnd } from '../log/log-end.js'
import type { LogRecord } from '../log/log-record.js'
import { LOOK_BYTES } from '../log/read-sizes.js'
import { isSameWriter } from '../log/same-writer.js'
import { refuseOtherLog } from '../read/plan-read.js'
import type { ReadContext } from '../read/read-context.js'
import type { ReadPlan } from '../read/read-plan.js'
import { RecordSource } from '../read/record-source.js'
import { atWritersEnd, lostBefore, overTruncation, silentLog, unreadable } from './resolve-errors.js'
import { TickHeap } from './tick-heap.js'
import type { WaitingToken } from './waiting-token.js'

/** How many milliseconds a WAL that is no longer the writer waits for a record before its calls of `resolve` reject. */
const READ_PATIENCE_MS = 10_000
/**
 * How many times the log may end below an acknowledged record before that record counts as lost: a broker between two leaders
 * may show its end late.
 */
const LOOKS_AT_END = 3
const FIRST_PAUSE_MS = 50

export interface TokenPassOptions {
  readonly context: ReadContext
  /**
   * The error that ended the writer; undefined while this WAL is the writer. A former writer can make no further record come,
   * so its tokens do not wait for one at the log's end.
   */
  readonly ended: WalError | undefined
  /** Called when the log's end is reached and some token still waits for a record. */
  readonly reachedEnd: () => void
  /** Called with the close of the scanner when this reading of the log is over. The close may take long. */
  readonly closing: (closed: Promise<void>) => void
}

/**
 * One reading of the log for many tokens: from the earliest record at which a token starts, until every token has its answer.
 * Time ticks of records rise, so a record concerns only tokens that wait for its time tick or a lower one. Tokens and results
 * are kept, records are not.
 *
 * Example: token A waits for messages with the time ticks 20 to 22, token B for one with 31. The record with 20 concerns A
 * alone. If a record with 32 comes next, no message with 21, 22 or 31 can count any more. So A was written in part (`partly`),
 * and B was not (`not-written`).
 */
export class TokenPass {
  readonly #options: TokenPassOptions
  readonly #stopping = new AbortController()
  /** Tokens that came before reading began. */
  #arrived: WaitingToken[]
  readonly #heap = new TickHeap<WaitingToken>()
  /** How many tokens that were given up may still be in the heap. */
  #abandoned = 0
  #logIdentity: string | undefined
  /** The time tick of the record at which reading starts. */
  #start: TimeTick = -1n
  /**
   * The writer of the last record that was read, who is the current one; undefined before the first record. `#place` is the
   * time tick of that record.
   */
  #writer: Writer | undefined
  #place: TimeTick = -1n
  #phase: 'looking' | 'reading' | 'at-end' | 'over' = 'looking'
  #givesWay = false
  #patience: { clear(): void } | undefined
  #startedAt = 0
  /**
   * How many milliseconds to wait before the log is read again: at least as long as this reading took to reach the log's end.
   */
  pauseMs = 0

  constructor(tokens: WaitingToken[], options: TokenPassOptions) {
    this.#arrived = tokens
    this.#options = options
  }

  /** Adds a token to this reading, and returns true, if no record that concerns the token was passed yet. */
  join(token: WaitingToken): boolean {
    if (this.#givesWay || this.#phase === 'over' || this.#stopping.signal.aborted) return false
    if (this.#phase === 'looking') {
      this.#arrived.push(token)
      return true
    }
    const { logIdentity, ackedBefore, writer } = token.token
    if (logIdentity !== this.#logIdentity) return false
    const { timeTick } = ackedBefore
    token.begin(undefined)
    if (timeTick === this.#place && this.#writer !== undefined && isSameWriter(writer, this.#writer))
      token.startHere()
    // At the log's end no record will follow that shows whether the record at which the token starts is in the log.
    else if (timeTick <= this.#place || this.#phase === 'at-end') return false
    this.#heap.push(token)
    if (this.#phase === 'at-end') this.#options.reachedEnd()
    return true
  }

  /** Tokens wait for the next reading of the log, so this one ends when it reaches the log's end. */
  giveWay(): void {
    this.#givesWay = true
    if (this.#phase === 'at-end') this.stop()
  }

  /** Ends this reading at once, even while it waits for a record. */
  stop(): void {
    this.#stopping.abort()
  }

  /**
   * Called when a token was given up. Such tokens are removed once they are half of the heap. Otherwise one token that waits
   * for hours would keep all of them in memory.
   */
  abandon(): void {
    if (++this.#abandoned * 2 > this.#heap.size) this.#removed(() => false)
  }

  /** Whether the log's end is reached and some token still waits for a message above this time tick. */
  waitsForMoreThan(timeTick: TimeTick): boolean {
    return this.#phase === 'at-end' && this.#live().some(({ last }) => last > timeTick)
  }

  /** Resolves to the tokens that need another reading of the log. Never rejects. */
  async run(): Promise<WaitingToken[]> {
    const { context, closing } = this.#options
    const { signal } = this.#stopping
    let source: RecordSource | undefined
    try {
      this.#waitPatiently()
      const plan = this.#begin(await abortable(context.end(signal), signal))
      if (plan === undefined) return []
      // A writer answers from memory where its log ends, and may not have noticed that the log lost its end. So the backend is
      // asked.
      const asking: ReadContext = { ...context, end: (ended) => context.end(ended, true) }
      source = new RecordSource(asking, plan, { signal, readBytes: LOOK_BYTES })
      while (this.#hasLive()) {
        const { units: records } = await abortable(source.next(), signal)
        this.#phase = 'reading'
        this.#waitPatiently()
        for (const record of records) this.#see(record)
        if (records.length === 0 && this.#isOverAtEnd()) break
      }
    } catch (error) {
      if (!signal.aborted) this.#fail(error)
    } finally {
      this.#phase = 'over'
      this.#patience?.clear()
      if (source !== undefined) closing(source.close())
    }
    return this.#live()
  }

  #begin(end: LogEnd): ReadPlan | undefined {
    const { runtime, ids } = this.#options.context
    const { truncation, logIdentity } = end
    for (const token of this.#arrived.splice(0)) {
      if (token.settled) continue
      try {
        this.#check(token, end)
      } catch (error) {
        token.owner.reject(error)
        continue
      }
      const isFreed = truncation !== undefined && token.token.ackedBefore.timeTick <= truncation.timeTick
      token.begin(isFreed ? truncation : undefined)
      token.fromStart = true
      this.#heap.push(token)
    }
    const first = this.#heap.peek()
    if (first === undefined) return undefined
    const { writer, timeTick } = first.before
    const from = ids.parse(first.truncation?.id ?? first.token.ackedBefore.id)
    this.#logIdentity = logIdentity
    this.#start = timeTick
    this.#place = timeTick - 1n
    this.#startedAt = runtime.monotonic()
    this.#phase = 'reading'
    return {
      kind: 'own',
      start: { from },
      known: { writer, timeTick: timeTick - 1n },
      // A log that was truncated may hold no record with the time tick of its truncation point.
      resumed: first.truncation === undefined ? { writer, timeTick, id: from } : undefined,
      until: undefined,
      logIdentity,
    }
  }

  /** Throws for a token of another log, and for a token whose messages lie in the truncated part of the log. */
  #check({ token }: WaitingToken, end: LogEnd): void {
    const { context } = this.#options
    refuseOtherLog(token, 'token is', { ...context, end })
    context.ids.parse(token.ackedBefore.id)
    const [first] = token.runs
    if (end.truncation !== undefined && first !== undefined && first.first <= end.truncation.timeTick)
      throw overTruncation(context.where)
  }

  #see(record: LogRecord): void {
    if (this.#writer === undefined || !isSameWriter(record, this.#writer)) this.#writerChanged(record)
    this.#place = record.timeTick
    for (let token = this.#heap.peek(); token && token.next <= record.timeTick; token = this.#heap.peek()) {
      this.#heap.pop()
      if (!token.settled) this.#showTo(record, token)
    }
  }

  #showTo(record: LogRecord, token: WaitingToken): void {
    const { context } = this.#options
    const verdict = token.see(record, context)
    if (verdict === undefined) this.#heap.push(token)
    else if (verdict === 'lost') token.owner.reject(lostBefore(token, context))
    else token.owner.resolve(verdict)
  }

  /**
   * Called when another writer becomes the current one. Later records of earlier writers are void, so tokens of these writers
   * get their answer.
   */
  #writerChanged(writer: Writer): void {
    this.#writer = writer
    for (const token of this.#removed(({ found }) => found)) token.owner.resolve(token.verdict())
  }

  /** Called at the log's end. Returns whether this reading is over. */
  #isOverAtEnd(): boolean {
    const { context, ended, reachedEnd } = this.#options
    if (this.pauseMs === 0) this.pauseMs = context.runtime.monotonic() - this.#startedAt
    for (const token of this.#live()) {
      // A token that joined during the reading may have come after the backend answered where the log ends.
      if (token.found || !token.fromStart || ++token.ends < LOOKS_AT_END) continue
      token.owner.reject(lostBefore(token, context))
    }
    const rest = this.#live()
    const unfound = rest.filter(({ found }) => !found)
    for (const { ends } of unfound)
      if (ends > 0) this.pauseMs = Math.max(this.pauseMs, FIRST_PAUSE_MS * 2 ** ends)
    if (this.#givesWay || unfound.length > 0) return true
    if (ended !== undefined) {
      for (const token of rest) token.owner.reject(atWritersEnd(context.where, ended))
      return true
    }
    this.#phase = 'at-end'
    if (rest.length > 0) reachedEnd()
    return false
  }

  #fail(error: unknown): void {
    const { context, ended } = this.#options
    const rest = this.#live()
    const leads = (token: WaitingToken) => !token.found && token.next === this.#start
    if (isTruncated(error)) {
      // A truncation may have freed the records during this reading; the next reading will see the truncation point. If the
      // records are gone for the second time, they are lost.
      for (const token of rest)
        if ((token.found || leads(token)) && ++token.gaps > 1)
          token.owner.reject(overTruncation(context.where, error))
      return
    }
    const leading = isRolledBack(error) ? rest.filter(leads) : []
    for (const token of leading) token.owner.reject(lostBefore(token, context, error))
    if (leading.length > 0) return
    const reason = ended === undefined ? error : unreadable(context.where, error)
    for (const token of rest) token.owner.reject(reason)
  }

  #hasLive(): boolean {
    while (this.#heap.peek()?.settled) this.#heap.pop()
    return this.#heap.size > 0
  }

  #live(): WaitingToken[] {
    return [...this.#arrived, ...this.#heap].filter(({ settled }) => !settled)
  }

  /** Removes and returns the tokens for which `leaves` is true. Tokens that were given up are removed too, but not returned. */
  #removed(leaves: (token: WaitingToken) => boolean): WaitingToken[] {
    const removed = this.#heap.remove((token) => token.settled || leaves(token))
    this.#abandoned = 0
    return removed.filter(({ settled }) => !settled)
  }

  /**
   * Limits the wait for the next record on a WAL that is no longer the writer: a log that does not answer must not keep callers
   * waiting.
   */
  #waitPatiently(): void {
    const { ended, context } = this.#options
    if (ended === undefined) return
    this.#patience?.clear()
    this.#patience = context.runtime.setTimeout(() => {
      for (const token of this.#live()) token.owner.reject(silentLog(context.where, READ_PATIENCE_MS))
      this.stop()
    }, READ_PATIENCE_MS)
  }
}
