import {
  checkChannelName,
  invalidArgument,
  type OpenerBuilderImpls,
  type Runtime,
  type Waits,
  WalError,
} from '@wal/walimpls'
import { CloseTree, sleep } from '@wal/walimpls/helper'
import { type Logger, silentLogger } from '../api/logger.js'
import type { ChannelOptions, Opened, Opener, OpenOptions } from '../api/opener.js'
import type { ReadOnlyWAL, WAL } from '../api/wal.js'
import { BACKEND_CLOSE_MS, closeWithin } from '../lifetime/close-within.js'
import type { OpenerShare } from '../lifetime/shared-opener.js'
import { type CheckedOpen, checkOpenOptions } from '../options/open-options.js'
import { checkWaits } from '../options/waits.js'
import type { ResolvedWalOptions } from '../options/wal-options.js'
import { handOver } from '../writer/hand-over.js'
import { openWriter } from '../writer/writer-open.js'
import { WriterSeat } from '../writer/writer-seat.js'
import { OpenDeadline } from './open-deadline.js'
import { ReadOnlyWalAdaptor } from './read-only-wal-adaptor.js'
import { WalAdaptor } from './wal-adaptor.js'

/** How long `close` waits for opens that were given up. After that the backend's opener is closed while they go on. */
const OPENING_MS = 3_000

type OpenedLog = WalAdaptor | ReadOnlyWalAdaptor

/** Opens logs over a share of a backend's opener, and owns them. */
export class OpenerAdaptor implements Opener {
  readonly backend: string
  readonly #builder: OpenerBuilderImpls
  readonly #share: OpenerShare
  readonly #runtime: Runtime
  /** Closes its WALs side by side, so that many that are stuck take no longer than one. */
  readonly #tree: CloseTree
  /** The logger of the last open: an opener is built without one. */
  #logger: Logger = silentLogger
  /** For messages about the opener itself. */
  #where: string
  readonly #closing = new AbortController()
  /** One promise for each open that goes on, given up or not. It settles when the log has an owner or is closed. */
  readonly #opening = new Set<Promise<void>>()

  constructor(builder: OpenerBuilderImpls, share: OpenerShare, runtime: Runtime) {
    this.backend = builder.name
    this.#where = `the opener of "${builder.name}"`
    this.#builder = builder
    this.#share = share
    this.#runtime = runtime
    this.#tree = new CloseTree(() => this.#release(), undefined, 'together')
  }

  async open<const C extends ChannelOptions>(options: OpenOptions<C>): Promise<Opened<C>> {
    const checked = checkOpenOptions(options)
    this.#assertOpen()
    const deadline = new OpenDeadline(this.backend, checked)
    try {
      return (await this.#open(checked, deadline)) as Opened<C>
    } finally {
      deadline.clear()
    }
  }

  /** Opens the one log that this opener is for: they close together, and a failed open closes the opener. */
  async openOnly(checked: CheckedOpen, deadline: OpenDeadline): Promise<WAL | ReadOnlyWAL> {
    const { logger } = checked.options
    this.#where = deadline.where
    try {
      const wal = await this.#open(checked, deadline)
      wal.closesWithIt(this)
      return wal
    } catch (error) {
      // A caller that gave the open up does not wait until the backend has ended it.
      const givenUp = this.#opening.size > 0
      const closing = this.close().catch((err: unknown) => {
        logger.warn({ err }, `${this.#where}: the opener did not close well`)
      })
      if (!givenUp) await closing
      throw error
    }
  }

  async list(waits: Waits = {}): Promise<readonly string[]> {
    checkWaits(waits, 'list')
    this.#assertOpen()
    const { opener } = this.#share
    if (opener.list === undefined)
      throw invalidArgument(`The backend "${this.backend}" can't list its channels`)
    return opener.list(waits)
  }

  async delete(channel: string, waits: Waits = {}): Promise<void> {
    checkChannelName(channel)
    checkWaits(waits, 'delete')
    this.#assertOpen()
    const { opener } = this.#share
    if (opener.delete === undefined)
      throw invalidArgument(`The backend "${this.backend}" can't delete channels`)
    return opener.delete(channel, waits)
  }

  async close(): Promise<void> {
    this.#closing.abort(new WalError('WAL_CLOSED', `the opener of "${this.backend}" is closed`))
    await this.#openingEnded()
    await this.#tree.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Releases the share: the backend's opener stays open while others have one. */
  #release(): Promise<void> {
    const closing = { runtime: this.#runtime, logger: this.#logger, where: this.#where }
    return closeWithin(closing, 'opener', { close: () => this.#share.release() })
  }

  async #openingEnded(): Promise<void> {
    if (this.#opening.size === 0) return
    const ended = new AbortController()
    const late = sleep(this.#runtime, OPENING_MS, ended.signal)
    await Promise.race([Promise.all(this.#opening), late])
    ended.abort()
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason
  }

  async #open({ channel, options }: CheckedOpen, deadline: OpenDeadline): Promise<OpenedLog> {
    const { where } = deadline
    const { logger } = options
    if (logger !== silentLogger) this.#logger = logger
    deadline.connected()
    deadline.endWith(this.#closing.signal)
    // A log that is opened after its caller gave up is closed.
    const opening = this.#openLog(channel, options, deadline)
    const { given, ended } = handOver(opening, deadline.signal, (wal) => wal.close())
    const tracked = ended
      .catch((err: unknown) => logger.warn({ err }, `${where}: given up, and did not close well`))
      .finally(() => this.#opening.delete(tracked))
    this.#opening.add(tracked)
    try {
      return await given
    } catch (error) {
      if (!deadline.signal.aborted) await tracked
      throw error
    }
  }

  async #openLog(
    channel: Required<ChannelOptions>,
    options: ResolvedWalOptions,
    deadline: OpenDeadline,
  ): Promise<OpenedLog> {
    deadline.signal.throwIfAborted()
    if (channel.accessMode === 'ro') return this.#openReader(channel.name, options, deadline)
    return this.#openWriter(channel, options, deadline)
  }

  async #openReader(
    channel: string,
    options: ResolvedWalOptions,
    { where, signal }: OpenDeadline,
  ): Promise<ReadOnlyWalAdaptor> {
    const { messageIds: ids } = this.#builder
    const log = await this.#share.opener.openReadOnly(channel, { signal })
    const parts = { backend: this.backend, ids, channel, where, log, options, parent: this.#tree }
    const { runtime, logger } = options
    const close = () => closeWithin({ runtime, logger, where }, 'log', log)
    return closingOnFailure({ close }, async () => new ReadOnlyWalAdaptor(parts))
  }

  async #openWriter(
    { name: channel, term }: Required<ChannelOptions>,
    options: ResolvedWalOptions,
    { where, signal, trouble }: OpenDeadline,
  ): Promise<WalAdaptor> {
    const { backend } = this
    const { messageIds: ids, traits } = this.#builder
    const fences = traits.fencing !== 'none'
    const { opener } = this.#share
    const { runtime, logger, givenLogger } = options
    const seat = new WriterSeat({ backend, where, runtime, logger, signal })
    const opened = await openWriter({ opener, ids, channel, term, where, options, seat, signal, trouble })
    const { log, writer, logIdentity, openingTick } = opened
    const close = () => closeWithin({ runtime, logger, where }, 'log', log)
    return closingOnFailure({ close }, async () => {
      for (const warning of log.guarantees.warnings) givenLogger.warn({ backend, channel }, warning)
      const leaveSeat = () => seat.leave()
      const parent = this.#tree
      const parts = { backend, ids, channel, where, opener, opened, options, fences, parent, leaveSeat }
      const wal = new WalAdaptor(parts)
      return closingOnFailure(wal, async () => {
        await seat.occupy(log.place, logIdentity, {
          ...writer,
          openingTick,
          patienceMs: options.closeTimeoutMs + BACKEND_CLOSE_MS,
          supersede: (reason) => wal.supersede(reason),
        })
        return wal
      })
    })
  }
}

async function closingOnFailure<T>(made: { close(): Promise<void> }, use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (error) {
    // The caller is told the first failure, not that of the close.
    await made.close().catch(() => {})
    throw error
  }
}
