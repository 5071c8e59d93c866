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

/** The longest pause before the log is read again for tokens that came too late for the reading before. */
const MAX_PAUSE_MS = 1000
/** How long to wait after a time tick that could not be stored, in milliseconds. */
const TIME_TICK_PAUSE_MS = 1000

export interface ResolverOptions {
  /** What passes read with. It changes when the writer ends: from then on reading is given up sooner. */
  readonly context: () => ReadContext
  /** On a writer: appends a time tick. A read-only WAL has none, and waits for what the writer appends. */
  readonly tick?: () => Promise<TimeTick>
  /** What ended the writer; undefined while it is one. */
  readonly ended?: () => WalError | undefined
  /** The WAL's tree: closing it ends every call. */
  readonly tree: CloseTree
  readonly closed: () => WalError
}

/**
 * Finds out what became of appends whose outcome is unknown, for all callers of one WAL: by reading on from the last record
 * that was acknowledged before they were sent. A message is written when its record counts. It is not written when a
 * greater time tick or a newer writer comes first, since whatever of it is stored behind that is void (G4).
 *
 * All tokens that wait share one reading of the log (`TokenPass`) and one time tick that a writer appends to get past them.
 * Nothing is read while nobody waits.
 */
export class Resolver {
  readonly #options: ResolverOptions
  readonly #closing = new AbortController()
  readonly #losses = new LossLooks()
  readonly #waiting = new Set<WaitingToken>()
  /** Tokens for the next pass. */
  #arrivals: WaitingToken[] = []
  #pass: TokenPass | undefined
  /** Resolves when nobody waits any more; undefined when nobody does. */
  #passes: Promise<void> | undefined
  #ticking = false
  /** Scanners of passes that are over, while they close. */
  readonly #scanners = new Set<Promise<void>>()

  constructor(options: ResolverOptions) {
    this.#options = options
    options.tree.add(() => this.#close())
  }

  /** Ends at once when the signal aborts or the WAL closes, whatever the log and the pipeline do. */
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

  /**
   * Called when the WAL is no longer the writer. The log is read again for all tokens, this time without waiting for long.
   */
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

  /** One pass after the other until nobody waits. Never rejects. */
  async #run(): Promise<void> {
    while (this.#arrivals.length > 0 && !this.#closing.signal.aborted) {
      const pass = this.#newPass(this.#arrivals.splice(0))
      this.#pass = pass
      const unanswered = await pass.run()
      this.#pass = undefined
      this.#arrivals.push(...unanswered)
      // Without a pause, tokens that come one by one would each have the log read again for all that wait.
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
   * Appends a time tick. It lies above all messages that tokens wait for: a message that was not found before it never
   * follows.
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
        // The pipeline logs the failure, and rejects the appends that fail with it.
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
