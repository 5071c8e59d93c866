import type { TimeTick, Waits, WalError } from '@wal/walimpls'
import { type CloseTree, onAbort, sleep } from '@wal/walimpls/helper'
import type { AppendResolution } from '../api/wal.js'
import { parseToken } from '../append/outcome-token.js'
import { isRolledBack } from '../log/classify.js'
import { checkWaits } from '../options/waits.js'
import type { ReadContext } from '../read/read-context.js'
import { LossLooks } from './loss-looks.js'
import { TokenPass } from './token-pass.js'
import { WaitingToken } from './waiting-token.js'

/** The longest pause before the log is read again, for calls of `resolve` that came too late for the reading before. */
const MAX_PAUSE_MS = 1000
/** How many milliseconds to wait before a time tick that could not be stored is appended again. */
const TIME_TICK_PAUSE_MS = 1000

export interface ResolverOptions {
  /**
   * How to read the log. The answer changes when the WAL ceases to be the writer: from then on reading gives up after three
   * failures.
   */
  readonly context: () => ReadContext
  /** Appends a time tick. Only a writer has this; a read-only WAL waits for what the writer appends. */
  readonly tick?: () => Promise<TimeTick>
  /** The error that ended the writer; undefined while this WAL is the writer. */
  readonly ended?: () => WalError | undefined
  /** The parts of the WAL that close with it: when the WAL closes, every call of `resolve` ends. */
  readonly tree: CloseTree
  readonly closed: () => WalError
}

/**
 * Finds out what became of appends whose outcome is unknown, for all calls of `resolve` on one WAL. It reads on from the record
 * that was acknowledged last before the append was sent. A message is written if its record counts. A message is not written if
 * a greater time tick or a newer writer's opening record comes first: whatever of it is stored behind that is void (G4).
 *
 * All calls share one reading of the log (`TokenPass`). When it comes to the log's end, the writer appends one time tick for
 * all of them. The log is not read while no call waits.
 */
export class Resolver {
  readonly #options: ResolverOptions
  readonly #closing = new AbortController()
  readonly #losses = new LossLooks()
  readonly #waiting = new Set<WaitingToken>()
  /** Tokens that wait for the next reading of the log. */
  #arrivals: WaitingToken[] = []
  #pass: TokenPass | undefined
  /** Resolves when no call of `resolve` waits any more; undefined when none does. */
  #passes: Promise<void> | undefined
  #ticking = false
  /** The scanners of earlier readings that are still closing. */
  readonly #scanners = new Set<Promise<void>>()

  constructor(options: ResolverOptions) {
    this.#options = options
    options.tree.add(() => this.#close())
  }

  /** Ends at once when the signal aborts or the WAL closes, whatever the backend is doing. */
  async resolve(text: string, waits: Waits): Promise<AppendResolution> {
    checkWaits(waits, 'resolve')
    const { signal } = waits
    return new Promise((resolve, reject) => {
      if (this.#options.tree.closed) throw this.#options.closed()
      signal?.throwIfAborted()
      const token = parseToken(text)
      let stopListening: (() => void) | undefined
      const settle = (): boolean => {
        if (waiting.settled) return false
        waiting.settled = true
        stopListening?.()
        this.#waiting.delete(waiting)
        return true
      }
      const waiting: WaitingToken = new WaitingToken(token, {
        resolve: (resolution) => settle() && resolve(resolution),
        reject: (error) => {
          if (!settle()) return
          if (!isRolledBack(error)) reject(error)
          else {
            const context = this.#options.context()
            void this.#losses.explain(error, token, { context, signal }).then(reject)
          }
        },
      })
      this.#waiting.add(waiting)
      stopListening = signal && onAbort(signal, (reason) => this.#giveUp(waiting, reason))
      this.#enqueue(waiting)
    })
  }

  /** Called when the WAL is no longer the writer. The log is then read again for all tokens, and gives up sooner. */
  writerEnded(): void {
    this.#pass?.stop()
  }

  #enqueue(token: WaitingToken): void {
    if (this.#pass?.join(token)) return
    this.#arrivals.push(token)
    this.#pass?.giveWay()
    this.#passes ??= this.#run()
  }

  #giveUp(token: WaitingToken, reason: unknown): void {
    token.owner.reject(reason)
    if (this.#waiting.size === 0) this.#pass?.stop()
    else this.#pass?.abandon()
  }

  /** Reads the log again and again until no call waits. Never rejects. */
  async #run(): Promise<void> {
    while (this.#arrivals.length > 0 && !this.#closing.signal.aborted) {
      const pass = this.#newPass(this.#arrivals.splice(0))
      this.#pass = pass
      const unanswered = await pass.run()
      this.#pass = undefined
      this.#arrivals.push(...unanswered)
      // Without a pause, calls that come one by one would each start a reading of the log for all that wait.
      if (this.#arrivals.length > 0) await this.#pause(pass.pauseMs)
    }
    this.#passes = undefined
  }

  #newPass(tokens: WaitingToken[]): TokenPass {
    const { context, ended } = this.#options
    return new TokenPass(tokens, {
      context: context(),
      ended: ended?.(),
      reachedEnd: () => this.#appendTimeTick(),
      closing: (closed) => {
        const settled = closed.catch(() => {}).finally(() => this.#scanners.delete(settled))
        this.#scanners.add(settled)
      },
    })
  }

  async #pause(ms: number): Promise<void> {
    const { runtime } = this.#options.context()
    await sleep(runtime, Math.min(ms, MAX_PAUSE_MS), this.#closing.signal).catch(() => {})
  }

  /**
   * Appends a time tick, which lies above all messages that calls of `resolve` look for. A message that is not stored below it
   * will never count.
   */
  #appendTimeTick(): void {
    const { tick, ended } = this.#options
    if (tick === undefined || this.#ticking || ended?.() !== undefined) return
    this.#ticking = true
    tick().then(
      (timeTick) => {
        this.#ticking = false
        if (this.#pass?.waitsForMoreThan(timeTick)) this.#appendTimeTick()
      },
      async () => {
        // The appending side logs the failure, so nothing is logged here.
        await this.#pause(TIME_TICK_PAUSE_MS)
        this.#ticking = false
        if (this.#pass?.waitsForMoreThan(-1n)) this.#appendTimeTick()
      },
    )
  }

  async #close(): Promise<void> {
    const error = this.#options.closed()
    this.#closing.abort(error)
    this.#losses.close()
    for (const token of [...this.#waiting]) token.owner.reject(error)
    this.#pass?.stop()
    await this.#passes
    await Promise.all(this.#scanners)
  }
}
