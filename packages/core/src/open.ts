import {
  getBuilder,
  invalidArgument,
  listBackends,
  mustGetBuilder,
  type OpenerBuilderImpls,
  type Waits,
} from '@wal/walimpls'
import { optionsFromUrl, parseBackendUrl } from '@wal/walimpls/helper'
import { buildOpener } from './builder.js'
import type { WalOptions } from './options/wal-options.js'
import type { ReadOnlyWAL, WAL } from './wal.js'

export interface OpenWalOptions extends WalOptions, Waits {
  /** Lower-case letters, digits, `_` and `-`, beginning with a letter or digit; at most 200. */
  readonly channel: string
  readonly accessMode?: 'rw' | 'ro'
  /** Epoch of the writer; `next` when not said: one above the highest that the log has seen. Not for `ro`. */
  readonly term?: number | 'next'
  /** How long an open may take, in milliseconds. Default 30,000. */
  readonly openTimeoutMs?: number
  /** Options of the backend, beside those in the URL (clients, callbacks, what is long). */
  readonly backend?: Readonly<Record<string, unknown>>
  /** A backend that is not registered: its builder. */
  readonly builder?: OpenerBuilderImpls
}

/**
 * Opens a channel by its backend's URL: `file:./data`, `memory:`. For writing, at the next term, unless told otherwise.
 * Closing the WAL closes everything behind it. Rejects as `Opener.open` and `OpenerBuilder.build` do, and with
 * `WAL_BACKEND_NOT_REGISTERED`.
 */
export function openWal(
  url: string,
  options: OpenWalOptions & { readonly accessMode: 'ro' },
): Promise<ReadOnlyWAL>
export function openWal(url: string, options: OpenWalOptions & { readonly accessMode?: 'rw' }): Promise<WAL>
export function openWal(url: string, options: OpenWalOptions): Promise<WAL | ReadOnlyWAL>
export async function openWal(url: string, options: OpenWalOptions): Promise<WAL | ReadOnlyWAL> {
  if (typeof options !== 'object' || options === null)
    throw invalidArgument('openWal', 'given an options object with a channel', options)
  const { channel, accessMode = 'rw', term, backend, builder: given, ...rest } = options
  const parsed = parseBackendUrl(url)
  const builder = given ?? builderForScheme(parsed.scheme)
  const { signal, runtime } = rest
  const waits = { ...(signal === undefined ? {} : { signal }), ...(runtime === undefined ? {} : { runtime }) }
  const opener = await buildOpener(builder, { ...optionsFromUrl(builder, parsed), ...backend }, waits)
  return opener.openOnly({
    channel: { name: channel, accessMode, ...(term === undefined ? {} : { term }) },
    ...rest,
  })
}

function builderForScheme(scheme: string): OpenerBuilderImpls {
  const builder = getBuilder(scheme)
  if (builder !== undefined) return builder
  for (const name of listBackends()) {
    const other = mustGetBuilder(name)
    if (other.schemes !== undefined && Object.hasOwn(other.schemes, scheme)) return other
  }
  return mustGetBuilder(scheme)
}
