import {
  checkChannelName,
  invalidArgument,
  type OpenerBuilderImpls,
  type OpenerImpls,
  type Waits,
  WalError,
} from '@wal/walimpls'
import { abortable, CloseTree, onAbort } from '@wal/walimpls/helper'
import type { ChannelOptions, Opened, Opener, OpenOptions } from '../opener.js'
import { type ResolvedWalOptions, resolveWalOptions } from '../options/wal-options.js'
import type { ReadOnlyWAL, WAL } from '../wal.js'
import { ReadOnlyWalAdaptor } from './read-only-wal-adaptor.js'
import { WalAdaptor } from './wal-adaptor.js'
import { openWriter } from './writer-open.js'

const DEFAULT_OPEN_TIMEOUT_MS = 30_000

/** Opens logs over a backend's opener, and owns them. */
export class OpenerAdaptor implements Opener {
  readonly backend: string
  readonly #builder: OpenerBuilderImpls
  readonly #opener: OpenerImpls
  readonly #tree: CloseTree
  readonly #closing = new AbortController()
  readonly #opening = new Set<Promise<unknown>>()

  constructor(builder: OpenerBuilderImpls, opener: OpenerImpls) {
    this.backend = builder.name
    this.#builder = builder
    this.#opener = opener
    this.#tree = new CloseTree(() => opener.close())
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
    const opening = this.#open(checked, resolved, signal, openTimeoutMs)
    this.#opening.add(opening)
    try {
      return (await opening) as Opened<C>
    } finally {
      this.#opening.delete(opening)
    }
  }

  async list(waits: Waits = {}): Promise<readonly string[]> {
    this.#assertOpen()
    if (this.#opener.list === undefined)
      throw invalidArgument('list', `asked of a backend that can, "${this.backend}" can't`)
    return this.#opener.list(waits)
  }

  async delete(channel: string, waits: Waits = {}): Promise<void> {
    checkChannelName(channel)
    this.#assertOpen()
    if (this.#opener.delete === undefined)
      throw invalidArgument('delete', `asked of a backend that can, "${this.backend}" can't`)
    return this.#opener.delete(channel, waits)
  }

  async close(): Promise<void> {
    this.#closing.abort(new WalError('WAL_CLOSED', `the opener of "${this.backend}" is closed`))
    await Promise.allSettled(this.#opening)
    await this.#tree.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason
  }

  async #open(
    channel: Required<ChannelOptions>,
    options: ResolvedWalOptions,
    signal: AbortSignal | undefined,
    timeoutMs: number,
  ): Promise<WAL | ReadOnlyWAL> {
    const where = `${this.backend} channel "${channel.name}"`
    const ending = new AbortController()
    const stopListening = [signal, this.#closing.signal].map(
      (one) => one && onAbort(one, (reason) => ending.abort(reason)),
    )
    const timer = options.runtime.setTimeout(
      () =>
        ending.abort(new WalError('WAL_TIMEOUT', `${where}: not open after ${timeoutMs} ms (openTimeoutMs)`)),
      timeoutMs,
    )
    try {
      // An open that its caller gave up still ends well: whatever it makes is closed.
      const opening = this.#openLog(channel, options, where, ending.signal)
      opening
        .then(async (wal) => {
          if (ending.signal.aborted) await wal.close()
        })
        .catch(() => {})
      return await abortable(opening, ending.signal)
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
    const { name } = channel
    const backend = this.backend
    const ids = this.#builder.messageIds
    const opener = this.#opener
    signal.throwIfAborted()
    if (channel.accessMode === 'ro') {
      const log = await opener.openReadOnly(name, { signal })
      return new ReadOnlyWalAdaptor({ backend, ids, channel: name, where, log, options, parent: this.#tree })
    }
    const opened = await openWriter({
      opener,
      ids,
      channel: name,
      term: channel.term,
      where,
      options,
      signal,
    })
    for (const warning of opened.log.guarantees.warnings)
      options.logger.warn({ backend, channel: name }, warning)
    return new WalAdaptor({ backend, ids, channel: name, where, opener, opened, options, parent: this.#tree })
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
