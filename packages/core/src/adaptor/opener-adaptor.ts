import {
  checkChannelName,
  invalidArgument,
  type OpenerBuilderImpls,
  type Runtime,
  type Waits,
  WalError,
} from '@wal/walimpls'
import { CloseTree, onAbort, sleep } from '@wal/walimpls/helper'
import { harmlessLogger } from '../diagnostics/harmless-logger.js'
import { handOver } from '../lifetime/hand-over.js'
import type { OpenerShare } from '../lifetime/shared-opener.js'
import { WriterSeat } from '../lifetime/writer-seat.js'
import type { ChannelOptions, Opened, Opener, OpenOptions } from '../opener.js'
import { type ResolvedWalOptions, resolveWalOptions } from '../options/wal-options.js'
import type { ReadOnlyWAL, WAL } from '../wal.js'
import { ReadOnlyWalAdaptor } from './read-only-wal-adaptor.js'
import { WalAdaptor } from './wal-adaptor.js'
import { openWriter } from './writer-open.js'

const DEFAULT_OPEN_TIMEOUT_MS = 30_000

/** How long the backend's log may take to close, after the appends, before a new writer need not wait. */
const RELEASE_MS = 3_000

/** How long closing waits for opens that were given up. After that the backend's opener closes under them. */
const OPENING_MS = 3_000

/** Opens logs over a share of a backend's opener, and owns them. */
export class OpenerAdaptor implements Opener {
  readonly backend: string
  readonly #builder: OpenerBuilderImpls
  readonly #share: OpenerShare
  readonly #runtime: Runtime
  readonly #tree: CloseTree
  readonly #closing = new AbortController()
  /** Opens under way, also those that their callers gave up: each settles when what it made has an owner or is closed. */
  readonly #opening = new Set<Promise<void>>()

  constructor(builder: OpenerBuilderImpls, share: OpenerShare, runtime: Runtime) {
    this.backend = builder.name
    this.#builder = builder
    this.#share = share
    this.#runtime = runtime
    this.#tree = new CloseTree(() => share.release())
  }

  async open<const C extends ChannelOptions>(options: OpenOptions<C>): Promise<Opened<C>> {
    if (typeof options !== 'object' || options === null)
      throw invalidArgument('open', 'given an options object', options)
    const { channel, openTimeoutMs = DEFAULT_OPEN_TIMEOUT_MS, signal, ...walOptions } = options
    const checked = checkChannel(channel)
    if (!Number.isFinite(openTimeoutMs) || openTimeoutMs <= 0 || openTimeoutMs >= 2 ** 31)
      throw invalidArgument('openTimeoutMs', 'a number of milliseconds above 0 and below 2^31', openTimeoutMs)
    const resolved = resolveWalOptions(walOptions, 'a WAL')
    this.#assertOpen()
    return (await this.#open(checked, resolved, signal, openTimeoutMs)) as Opened<C>
  }

  /** Opens the one log that this opener is for: they close together, and a failed open closes the opener. */
  async openOnly<const C extends ChannelOptions>(options: OpenOptions<C>): Promise<Opened<C>> {
    try {
      const wal = await this.open(options)
      this.#closeWith(wal)
      return wal
    } catch (error) {
      // Whoever gave it up is not kept waiting for its end.
      const givenUp = this.#opening.size > 0
      const closing = this.close().catch((reason: unknown) => {
        harmlessLogger(options.logger).warn(
          { error: reason },
          `the opener of "${this.backend}" did not close well`,
        )
      })
      if (!givenUp) await closing
      throw error
    }
  }

  async list(waits: Waits = {}): Promise<readonly string[]> {
    this.#assertOpen()
    const { opener } = this.#share
    if (opener.list === undefined)
      throw invalidArgument('list', `asked of a backend that can, "${this.backend}" can't`)
    return opener.list(waits)
  }

  async delete(channel: string, waits: Waits = {}): Promise<void> {
    checkChannelName(channel)
    this.#assertOpen()
    const { opener } = this.#share
    if (opener.delete === undefined)
      throw invalidArgument('delete', `asked of a backend that can, "${this.backend}" can't`)
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

  /** The WAL's close, as its user calls it, closes the opener as well. Closing the opener closes the WAL first. */
  #closeWith(wal: WAL | ReadOnlyWAL): void {
    const closeWal = wal.close.bind(wal)
    const close = async (): Promise<void> => {
      try {
        await closeWal()
      } finally {
        await this.close()
      }
    }
    Object.defineProperties(wal, { close: { value: close }, [Symbol.asyncDispose]: { value: close } })
  }

  async #open(
    channel: Required<ChannelOptions>,
    options: ResolvedWalOptions,
    signal: AbortSignal | undefined,
    timeoutMs: number,
  ): Promise<WAL | ReadOnlyWAL> {
    const where = `${this.backend} channel "${channel.name}"`
    const { runtime } = options
    const ending = new AbortController()
    const stopListening = [signal, this.#closing.signal].map(
      (one) => one && onAbort(one, (reason) => ending.abort(reason)),
    )
    const timer = runtime.setTimeout(
      () =>
        ending.abort(new WalError('WAL_TIMEOUT', `${where}: not open after ${timeoutMs} ms (openTimeoutMs)`)),
      timeoutMs,
    )
    // An open that its caller gave up still ends well: whatever it makes is closed.
    const opening = this.#openLog(channel, options, where, ending.signal)
    const { given, ended } = handOver(opening, ending.signal, (wal) => wal.close())
    const tracked = ended
      .catch((error: unknown) => options.logger.warn({ error }, `${where}: given up, and did not close well`))
      .finally(() => this.#opening.delete(tracked))
    this.#opening.add(tracked)
    try {
      return await given
    } catch (error) {
      if (!ending.signal.aborted) await tracked
      throw error
    } finally {
      timer.clear()
      for (const stop of stopListening) stop?.()
    }
  }

  async #openLog(
    channel: Required<ChannelOptions>,
    options: ResolvedWalOptions,
    where: string,
    signal: AbortSignal,
  ): Promise<WAL | ReadOnlyWAL> {
    signal.throwIfAborted()
    if (channel.accessMode === 'ro') return this.#openReader(channel.name, options, where, signal)
    return this.#openWriter(channel, options, where, signal)
  }

  async #openReader(
    channel: string,
    options: ResolvedWalOptions,
    where: string,
    signal: AbortSignal,
  ): Promise<ReadOnlyWAL> {
    const { messageIds: ids } = this.#builder
    const log = await this.#share.opener.openReadOnly(channel, { signal })
    const parts = { backend: this.backend, ids, channel, where, log, options, parent: this.#tree }
    return closingOnFailure(log, async () => new ReadOnlyWalAdaptor(parts))
  }

  async #openWriter(
    { name: channel, term }: Required<ChannelOptions>,
    options: ResolvedWalOptions,
    where: string,
    signal: AbortSignal,
  ): Promise<WAL> {
    const { backend } = this
    const { messageIds: ids, traits } = this.#builder
    const fences = traits.fencing !== 'none'
    const { opener } = this.#share
    const { runtime, logger, givenLogger } = options
    const seat = new WriterSeat({ backend, where, runtime, logger, signal })
    const opened = await openWriter({ opener, ids, channel, term, where, options, seat, signal })
    const { log, writer, logIdentity, openingTick } = opened
    return closingOnFailure(log, async () => {
      for (const warning of log.guarantees.warnings) givenLogger.warn({ backend, channel }, warning)
      const left = () => seat.leave()
      const parent = this.#tree
      const parts = { backend, ids, channel, where, opener, opened, options, fences, parent, left }
      const wal = new WalAdaptor(parts)
      return closingOnFailure(wal, async () => {
        await seat.take(log.place, logIdentity, {
          ...writer,
          openingTick,
          patienceMs: options.closeTimeoutMs + RELEASE_MS,
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
    // The first failure is the one to tell.
    await made.close().catch(() => {})
    throw error
  }
}

function checkChannel(channel: ChannelOptions): Required<ChannelOptions> {
  if (typeof channel !== 'object' || channel === null)
    throw invalidArgument('channel', 'an object with a name', channel)
  const { name, accessMode = 'rw', term = 'next' } = channel
  for (const key of Object.keys(channel))
    if (!['name', 'accessMode', 'term'].includes(key))
      throw invalidArgument(`channel option "${key}"`, 'one of name, accessMode, term')
  checkChannelName(name)
  if (accessMode !== 'rw' && accessMode !== 'ro')
    throw invalidArgument('accessMode', '"rw" or "ro"', accessMode)
  if (term !== 'next' && !(Number.isSafeInteger(term) && term >= 0))
    throw invalidArgument('term', '"next" or a safe integer from 0', term)
  if (accessMode === 'ro' && channel.term !== undefined)
    throw invalidArgument('term', 'left out when a log is opened read-only', term)
  return { name, accessMode, term }
}
