import { RESERVED, type Runtime, type Timer, type TimeTick } from '@wal/walimpls'
import type { Logger } from '../api/logger.js'
import type { AppendOptions } from '../api/wal.js'
import type { LogBeginning } from '../log/log-beginning.js'
import { formatLogPoint } from '../log/log-point.js'
import type { Recovery, RecoveryPoint } from '../log/recovery-point.js'
import type { TruncationPoint } from '../log/truncation-point.js'
import type { TickOwner } from '../message/append-task.js'
import type { Appender } from './appender.js'

/** A time tick is also due after so many bytes: an open reads from the last time tick to the end, so that end stays short. */
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
  readonly recovery: Recovery
  #timer: Timer | undefined
  /** Whether nothing was written since the last time tick, so that the timer runs only for readers or for the backend. */
  #idle = true
  #newBytes = 0
  #followers = 0
  #persisting = false
  /** Whether another time tick was asked for while one was on its way: that one may lie before what the asker wrote. */
  #again = false
  #closed = false

  constructor(options: {
    runtime: Runtime
    appender: Appender
    logger: Logger
    intervalMs: number
    /** How often an idle log with readers gets a time tick; 0 for never. */
    idleMs: number
    /** How long the backend remembers a writer that stores nothing; undefined when it never forgets one. */
    maxIdleMs: () => number | undefined
    logIdentity: string
    beginning: LogBeginning
    recovery: Recovery
  }) {
    this.#runtime = options.runtime
    this.#appender = options.appender
    this.#logger = options.logger
    this.#intervalMs = options.intervalMs
    this.#idleMs = options.idleMs
    this.#maxIdleMs = options.maxIdleMs
    this.#logIdentity = options.logIdentity
    this.beginning = options.beginning
    this.recovery = options.recovery
    this.#rest()
  }

  /** So many bytes of users' messages were stored. */
  wrote(bytes: number): void {
    this.#newBytes += bytes
    if (this.#newBytes >= TICK_BYTES) this.#persist()
    else if (this.#timer === undefined || this.#idle) this.#plan(this.#freshTickMs(), false)
  }

  /**
   * A reader of time ticks begins. It gets a time tick at once, so that it need not wait on an idle log, and then one every
   * `idleMs`. The returned function is to be called when the reader ends.
   */
  follow(): () => void {
    this.#followers++
    this.#persist()
    return () => {
      this.#followers--
    }
  }

  /** Persists a time tick now, without waiting for room. `truncation` is where the log begins from then on. */
  tick(truncation?: TruncationPoint): Promise<TimeTick> {
    return this.#submit((owner) => this.#appender.submitTick(owner), truncation)
  }

  /** Persists a time tick behind all that was appended so far. Rejects as an append does. */
  barrier(options: AppendOptions): Promise<TimeTick> {
    return this.#submit((owner) => this.#appender.submitBarrier(owner, options))
  }

  close(): void {
    this.#closed = true
    this.#timer?.clear()
    this.#timer = undefined
  }

  /** However often it is called while a time tick is on its way, one more follows. */
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
        // Nobody waits for this time tick. A user learns of a lasting failure from an append or from `wal.signal`.
        this.#logger.debug({ err }, 'a time tick was not persisted')
      }
    } while (this.#again && !this.#closed)
    this.#persisting = false
  }

  #submit(submit: (owner: TickOwner) => void, truncation?: TruncationPoint): Promise<TimeTick> {
    return new Promise((resolve, reject) => {
      const said = this.beginning.say(truncation)
      let recoveryPoint: RecoveryPoint
      submit({
        properties: () => {
          recoveryPoint = this.recovery.now()
          return tickProperties({ logIdentity: this.#logIdentity, truncation: said.now(), recoveryPoint })
        },
        sent: () => said.sent(),
        resolve: ({ timeTick }) => {
          said.stored()
          this.recovery.stored(recoveryPoint)
          resolve(timeTick)
        },
        reject: (error, sent) => {
          said.failed(sent !== undefined)
          reject(error)
        },
      })
      // Not before `submit`, which may throw: then the time tick that is due stays due.
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

/** What a time tick says of the log. */
export interface TickContent {
  readonly logIdentity: string
  /** Undefined when the log was never truncated. */
  readonly truncation: TruncationPoint | undefined
  /** Undefined for the log's first record, with which everything begins. */
  readonly recoveryPoint: RecoveryPoint | undefined
}

/** The reserved properties of a time tick. */
export function tickProperties({ logIdentity, truncation, recoveryPoint }: TickContent): string[] {
  const recovery = recoveryPoint === undefined ? '' : formatLogPoint(recoveryPoint)
  const list: string[] = [RESERVED.logIdentity, logIdentity, RESERVED.recoveryPoint, recovery]
  if (truncation !== undefined) list.push(RESERVED.truncationPoint, formatLogPoint(truncation))
  return list
}
