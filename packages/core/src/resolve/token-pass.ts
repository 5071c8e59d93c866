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

/** How long a WAL that is no longer the writer waits for a record before its tokens are rejected. */
const READ_PATIENCE_MS = 10_000
/** How often the log may end below an acknowledged record: a broker between two leaders may show its end late. */
const LOOKS_AT_END = 3
const FIRST_PAUSE_MS = 50

export interface TokenPassOptions {
  readonly context: ReadContext
  /** What ended the writer. Then nothing makes another record come, and no token waits for one. */
  readonly ended: WalError | undefined
  /** Called when the log's end is reached, and tokens wait for further records. */
  readonly reachedEnd: () => void
  /** Called when the pass is over and its scanner closes, which takes its own time. */
  readonly closing: (closed: Promise<void>) => void
}

/**
 * One reading of the log for many tokens: from the first of the records that tokens start from, up to the last verdict.
 * Records come with rising time ticks, so a record concerns only the tokens that wait for its time tick or a lower one. A
 * pass keeps tokens and results, never records.
 *
 * Example: token A waits for the time ticks 20 to 22, token B for 31. Record 20 is shown to A alone. If record 32 comes
 * next, A's messages 21 and 22 and B's 31 can't follow any more: A is `partly` written, B `not-written`.
 */
export class TokenPass {
  readonly #options: TokenPassOptions
  readonly #stopping = new AbortController()
  /** Tokens that came before reading began. */
  #arrived: WaitingToken[]
  readonly #heap = new TickHeap<WaitingToken>()
  /** How many tokens were given up and may still be in the heap. */
  #abandoned = 0
  #logIdentity: string | undefined
  /** Time tick of the record at which reading starts. */
  #start: TimeTick = -1n
  /** Writer of the last record, undefined before the first: the current one. `#place` is that record's time tick. */
  #writer: Writer | undefined
  #place: TimeTick = -1n
  #phase: 'looking' | 'reading' | 'at-end' | 'over' = 'looking'
  #givesWay = false
  #patience: { clear(): void } | undefined
  #startedAt = 0
  /** How long to wait before the next pass, in milliseconds: at least as long as this one took to the log's end. */
  pauseMs = 0

  constructor(tokens: WaitingToken[], options: TokenPassOptions) {
    this.#arrived = tokens
    this.#options = options
  }

  /** Serves one more token, if no record was read yet that concerns it. Answers whether it does. */
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
    // At the log's end no record follows that would show whether the record before the messages is there.
    else if (timeTick <= this.#place || this.#phase === 'at-end') return false
    this.#heap.push(token)
    if (this.#phase === 'at-end') this.#options.reachedEnd()
    return true
  }

  /** Tokens wait for the next pass, so this one is over when it reaches the log's end. */
  giveWay(): void {
    this.#givesWay = true
    if (this.#phase === 'at-end') this.stop()
  }

  /** Ends the pass, whatever it waits for. */
  stop(): void {
    this.#stopping.abort()
  }

  /**
   * A token was given up. They are removed when they are half of the heap: otherwise one that waits for long keeps them
   * all.
   */
  abandon(): void {
    if (++this.#abandoned * 2 > this.#heap.size) this.#removed(() => false)
  }

  /** Whether the pass waits at the log's end for messages above this time tick. */
  waitsForMoreThan(timeTick: TimeTick): boolean {
    return this.#phase === 'at-end' && this.#live().some(({ last }) => last > timeTick)
  }

  /** Resolves to the tokens that need another pass. Never rejects. */
  async run(): Promise<WaitingToken[]> {
    const { context, closing } = this.#options
    const { signal } = this.#stopping
    let source: RecordSource | undefined
    try {
      this.#waitPatiently()
      const plan = this.#begin(await abortable(context.end(signal), signal))
      if (plan === undefined) return []
      // A writer knows where its log ends, unless the log lost its end. So the log is asked.
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
      // Where the log begins at a gap there is no record with the truncation point's time tick.
      resumed: first.truncation === undefined ? { writer, timeTick, id: from } : undefined,
      until: undefined,
      logIdentity,
    }
  }

  /** Throws for a token of another log, and for a token whose messages lie in the truncated part. */
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

  /** From here on another writer is the current one: later records of the writer before are void. */
  #writerChanged(writer: Writer): void {
    this.#writer = writer
    for (const token of this.#removed(({ found }) => found)) token.owner.resolve(token.verdict())
  }

  /** Called at the log's end; answers whether the pass is over. */
  #isOverAtEnd(): boolean {
    const { context, ended, reachedEnd } = this.#options
    if (this.pauseMs === 0) this.pauseMs = context.runtime.monotonic() - this.#startedAt
    for (const token of this.#live()) {
      // A token that joined on the way may have come after this end was read.
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
      // A truncation may have freed the records during the pass: the next pass sees its point. Found gone a second time,
      // they are lost.
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

  /**
   * Removes the tokens for which `leaves` holds, and answers them. Tokens that were given up are removed too, and not
   * answered.
   */
  #removed(leaves: (token: WaitingToken) => boolean): WaitingToken[] {
    const removed = this.#heap.remove((token) => token.settled || leaves(token))
    this.#abandoned = 0
    return removed.filter(({ settled }) => !settled)
  }

  /** Limits the wait for the next record, once the writer has ended: a log that answers nothing must not keep its tokens. */
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
