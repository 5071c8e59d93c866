import {
  type MessageId,
  type MessageIdCodec,
  type ReadOnlyWALImpls,
  type Timer,
  WalError,
  type Writer,
} from '@wal/walimpls'
import type { Appender } from '../append/appender.js'
import type { ResolvedWalOptions } from '../options/wal-options.js'
import { isSameWriter } from '../read/same-writer.js'
import { fencedBy } from './newer-writer.js'
import { readLogEnd } from './read-log-end.js'
import { readRange } from './read-range.js'

export interface FenceWatchOptions {
  readonly options: Pick<ResolvedWalOptions, 'runtime' | 'logger' | 'fenceCheckMs'>
  readonly where: string
  readonly ids: MessageIdCodec
  readonly writer: Writer
  readonly appender: Pick<Appender, 'lastAcked' | 'idle'>
  readonly log: () => ReadOnlyWALImpls
  /** Of the WAL. */
  readonly signal: AbortSignal
  /** A newer writer owns the log, or what was acknowledged is not in it any more. */
  readonly lost: (error: WalError) => void
}

/** Looks now and then: an idle writer learns of its successor too, though nothing of it reaches the backend's fence. */
export class FenceWatch {
  readonly #options: FenceWatchOptions
  #timer: Timer | undefined
  #closed = false

  constructor(options: FenceWatchOptions) {
    this.#options = options
    this.#plan()
  }

  close(): void {
    this.#closed = true
    this.#timer?.clear()
  }

  #plan(): void {
    const { runtime, fenceCheckMs } = this.#options.options
    if (fenceCheckMs === 0 || this.#closed) return
    this.#timer = runtime.setTimeout(() => void this.#look(), fenceCheckMs, { background: true })
  }

  async #look(): Promise<void> {
    const { appender, where, options } = this.#options
    try {
      if (appender.idle) await this.#compare(appender.lastAcked)
    } catch (error) {
      // The next look, or the next append, says it again.
      options.logger.debug({ error }, `${where}: could not look for a newer writer`)
    }
    this.#plan()
  }

  async #compare(lastAcked: string): Promise<void> {
    const { log, ids, where, writer, signal, lost } = this.#options
    const last = await log().last({ signal })
    if (last === undefined || ids.serialise(last.id) === lastAcked || this.#closed) return
    const end = await readLogEnd(log(), ids, where, signal)
    const fenced = fencedBy(end.writer, writer, where)
    if (fenced !== undefined) lost((await this.#lossBefore(ids.parse(lastAcked), last.id)) ?? fenced)
  }

  /** A newer writer may have opened at a copy of the log without its end: then that is what the older one has to know. */
  async #lossBefore(acked: MessageId, last: MessageId): Promise<WalError | undefined> {
    const { log, ids, where, writer, signal } = this.#options
    let isThere = false
    try {
      if (ids.compare(acked, last) < 0)
        await readRange(
          log(),
          ids,
          where,
          { from: acked },
          acked,
          (record) => {
            isThere = isSameWriter(record, writer)
          },
          signal,
        )
    } catch (error) {
      if (!WalError.isInstance(error) || error.retryable || error.code === 'WAL_CLOSED') throw error
      // Truncated or damaged there, the log can't tell.
      return error.code === 'WAL_LOG_ROLLED_BACK' ? error : undefined
    }
    if (isThere) return undefined
    return new WalError(
      'WAL_LOG_ROLLED_BACK',
      `${where}: records up to message ${ids.serialise(acked)} were acknowledged and are gone. The log lost its end, probably in a failover, and goes on with a newer writer.`,
    )
  }
}
