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

/** A writer that has ended reads for its tokens no longer than this without getting anything. */
const READ_PATIENCE_MS = 10_000
/** An end below a record that was acknowledged may only be slow to show (a broker between two leaders). */
const LOOKS_AT_END = 3
const FIRST_PAUSE_MS = 50

export interface TokenPassOptions {
  readonly context: ReadContext
  /** Why this WAL is the writer no more: then nothing here makes a record come, and nobody waits for one. */
  readonly ended: WalError | undefined
  /** The log's end was reached, and tokens wait for more. */
  readonly reachedEnd: () => void
  /** The scanner closes, which nobody has to wait for. */
  readonly closing: (closed: Promise<void>) => void
}

/**
 * One reading of the log for many tokens: from the first of the records that they start from, to the last verdict. Counted
 * records come with rising time ticks, so each concerns those tokens alone that wait for a time tick no greater than its
 * own. It keeps tokens and results, never records.
 */
export class TokenPass {
  readonly #options: TokenPassOptions
  readonly #stopping = new AbortController()
  /** Those that are there before reading begins. */
  #arrived: WaitingToken[]
  readonly #heap = new TickHeap<WaitingToken>()
  /** How many were given up since those in the heap were let go of last. */
  #abandoned = 0
  #logIdentity: string | undefined
  /** Time tick of the record that reading starts at. */
  #start: TimeTick = -1n
  /** The last record that counted: its writer is the current one. */
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

  /** Takes one more token, if nothing of what it looks for was passed yet. */
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
    // At the end nothing follows that would show whether the record before its messages is there.
    else if (timeTick <= this.#place || this.#phase === 'at-end') return false
    this.#heap.push(token)
    if (this.#phase === 'at-end') this.#options.reachedEnd()
    return true
  }

  /** Others wait for the next pass: this one is over when it comes to the log's end. */
  giveWay(): void {
    this.#givesWay = true
    if (this.#phase === 'at-end') this.stop()
  }

  /** Ends it, whatever it waits for. */
  stop(): void {
    this.#stopping.abort()
  }

  /** A token was given up. They are let go of now and then, or one that waits for long would keep them all. */
  abandon(): void {
    if (++this.#abandoned * 2 > this.#heap.size) this.#removed(() => false)
  }

  /** Whether it waits at the log's end for messages above this time tick. */
  waitsForMoreThan(timeTick: TimeTick): boolean {
    return this.#phase === 'at-end' && this.#live().some(({ last }) => last > timeTick)
  }

  /** Resolves, and never rejects, to the tokens that it leaves to the next pass. */
  async run(): Promise<WaitingToken[]> {
    const { context, closing } = this.#options
    const { signal } = this.#stopping
    let source: RecordSource | undefined
    try {
      this.#waitPatiently()
      const plan = this.#begin(await abortable(context.end(signal), signal))
      if (plan === undefined) return []
      // A writer knows its log's end, and may not know that the log lost it.
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
      // Of a truncation point that is a gap's there is no such record.
      resumed: first.truncation === undefined ? { writer, timeTick, id: from } : undefined,
      until: undefined,
      logIdentity,
    }
  }

  /** Throws for a token of another log, and for one whose messages the log no longer begins above. */
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

  /** Another writer is current from here on: whatever more the one before stored does not count. */
  #writerChanged(writer: Writer): void {
    this.#writer = writer
    for (const token of this.#removed(({ found }) => found)) token.owner.resolve(token.verdict())
  }

  /** At the log's end: whether the pass is over. */
  #isOverAtEnd(): boolean {
    const { context, ended, reachedEnd } = this.#options
    if (this.pauseMs === 0) this.pauseMs = context.runtime.monotonic() - this.#startedAt
    for (const token of this.#live()) {
      // Of one that joined on the way this may be an end from before it came.
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
      // A truncation may have freed where they were, which the next pass's look shows. Otherwise the records are lost.
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

  /** Takes those out of the heap for which `leaves` holds, and those that were given up. */
  #removed(leaves: (token: WaitingToken) => boolean): WaitingToken[] {
    const removed = this.#heap.remove((token) => token.settled || leaves(token))
    this.#abandoned = 0
    return removed.filter(({ settled }) => !settled)
  }

  /** A writer that has ended must not keep its tokens waiting for a log that gives nothing. */
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
