import { RESERVED, type Runtime, type Timer, type TimeTick } from '@wal/walimpls'
import type { Logger } from '../api/logger.js'
import type { AppendOptions } from '../api/wal.js'
import type { LogBeginning } from '../log/log-beginning.js'
import { formatTruncationPoint, type TruncationPoint } from '../log/truncation-point.js'
import type { TickOwner } from '../message/append-task.js'
import type { Appender } from './appender.js'

/** A tick is due after so many bytes as well, which bounds the tail that an open has to read. */
const TICK_BYTES = 8 << 20

/**
 * Persists time ticks: a while after something new was written, and on an idle log only as long as somebody here reads
 * time ticks or the backend would otherwise forget the writer. Each carries what an open has to know: the log's identity,
 * where to read from, where the log begins.
 */
export class Ticker {
  readonly #runtime: Runtime
  readonly #appender: Appender
  readonly #logger: Logger
  readonly #intervalMs: number
  readonly #idleMs: number
  readonly #maxIdleMs: () => number | undefined
  readonly #logIdentity: string
  readonly beginning: LogBeginning
  #timer: Timer | undefined
  /** Whether the timer is set for something new, or only for those who follow. */
  #idle = true
  #newBytes = 0
  #followers = 0
  #persisting = false
  /** Asked for while one was under way: the one under way may lie before what the asker means. */
  #again = false
  #closed = false

  constructor(options: {
    runtime: Runtime
    appender: Appender
    logger: Logger
    intervalMs: number
    /** 0: none while idle. */
    idleMs: number
    /** How long the backend remembers a writer that stores nothing; undefined: for as long as it lives. */
    maxIdleMs: () => number | undefined
    logIdentity: string
    beginning: LogBeginning
  }) {
    this.#runtime = options.runtime
    this.#appender = options.appender
    this.#logger = options.logger
    this.#intervalMs = options.intervalMs
    this.#idleMs = options.idleMs
    this.#maxIdleMs = options.maxIdleMs
    this.#logIdentity = options.logIdentity
    this.beginning = options.beginning
    this.#rest()
  }

  /** So many bytes were stored since. */
  wrote(bytes: number): void {
    this.#newBytes += bytes
    if (this.#newBytes >= TICK_BYTES) this.#persist()
    else if (this.#timer === undefined || this.#idle) this.#plan(this.#freshTickMs(), false)
  }

  /**
   * Somebody reads time ticks from now on: one at once, so that a reader who starts on an idle log need not wait, then
   * one now and then. Call what is returned when the reader ends.
   */
  follow(): () => void {
    this.#followers++
    this.#persist()
    return () => {
      this.#followers--
    }
  }

  /** A time tick now, past what waits for room; resolves when it is durable. `truncation`: where the log begins from it on. */
  tick(truncation?: TruncationPoint): Promise<TimeTick> {
    return this.#submit((owner) => this.#appender.submitTick(owner), truncation)
  }

  /** A time tick behind all that was appended so far. Rejects as an append does. */
  barrier(options: AppendOptions): Promise<TimeTick> {
    return this.#submit((owner) => this.#appender.submitBarrier(owner, options))
  }

  close(): void {
    this.#closed = true
    this.#timer?.clear()
    this.#timer = undefined
  }

  /** However many ask while one is under way, one more follows. */
  #persist(): void {
    if (this.#closed) return
    if (this.#persisting) {
      this.#again = true
      return
    }
    this.#persisting = true
    void this.#persistAll()
  }

  async #persistAll(): Promise<void> {
    do {
      this.#again = false
      try {
        await this.tick()
      } catch (err) {
        // Who has to know learns of it from an append or from `wal.signal`.
        this.#logger.debug({ err }, 'a time tick was not persisted')
      }
    } while (this.#again && !this.#closed)
    this.#persisting = false
  }

  #submit(submit: (owner: TickOwner) => void, truncation?: TruncationPoint): Promise<TimeTick> {
    return new Promise((resolve, reject) => {
      const said = this.beginning.say(truncation)
      submit({
        properties: () => tickProperties(this.#logIdentity, said.now()),
        sent: () => said.sent(),
        resolve: ({ timeTick }) => {
          said.stored()
          resolve(timeTick)
        },
        reject: (error, sent) => {
          said.failed(sent !== undefined)
          reject(error)
        },
      })
      // Not before: one that is refused leaves what is due as it is.
      this.#rest()
    })
  }

  #rest(): void {
    this.#timer?.clear()
    this.#timer = undefined
    this.#newBytes = 0
    const ms = this.#idleTickMs()
    if (ms !== undefined) this.#plan(ms, true)
  }

  /**
   * When the time tick behind something new is due. Never later than on an idle log, which this one may be from now on: with
   * an interval of 60 s, and a backend that forgets a writer after 60 s, it is due after 20 s.
   */
  #freshTickMs(): number {
    return Math.min(this.#intervalMs, this.#idleTickMs() ?? this.#intervalMs)
  }

  /** When an idle log gets its next time tick; undefined: not before something is written. */
  #idleTickMs(): number | undefined {
    const forReaders = this.#followers > 0 && this.#idleMs > 0 ? this.#idleMs : undefined
    const maxIdleMs = this.#maxIdleMs()
    // A third: one that fails or comes late leaves time for another before the backend forgets the writer.
    const forBackend = maxIdleMs === undefined ? undefined : Math.max(1, Math.floor(maxIdleMs / 3))
    if (forReaders === undefined || forBackend === undefined) return forReaders ?? forBackend
    return Math.min(forReaders, forBackend)
  }

  #plan(ms: number, idle: boolean): void {
    if (this.#closed) return
    this.#timer?.clear()
    this.#idle = idle
    this.#timer = this.#runtime.setTimeout(() => this.#due(), ms, { background: true })
  }

  #due(): void {
    this.#timer = undefined
    if (!this.#idle || this.#idleTickMs() !== undefined) this.#persist()
  }
}

/** The reserved properties of a time tick. An empty recovery point stands for the time tick itself. */
export function tickProperties(logIdentity: string, truncation: TruncationPoint | undefined): string[] {
  const list: string[] = [RESERVED.logIdentity, logIdentity, RESERVED.recoveryPoint, '']
  if (truncation !== undefined) list.push(RESERVED.truncationPoint, formatTruncationPoint(truncation))
  return list
}
