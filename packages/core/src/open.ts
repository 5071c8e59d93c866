import { getBuilder, listBackends, mustGetBuilder, type OpenerBuilderImpls, type Waits } from '@wal/walimpls'
import { optionsFromUrl, parseBackendUrl, readOptions } from '@wal/walimpls/helper'
import { OpenDeadline } from './adaptor/open-deadline.js'
import type { ReadOnlyWAL, WAL } from './api/wal.js'
import type { WalOptions } from './api/wal-options.js'
import { buildOpener } from './builder.js'
import { type CheckedOpen, checkOpenOptions } from './options/open-options.js'
import { OPEN_WAL_OPTIONS } from './options/open-wal-options.js'
import { WAL_OPTIONS } from './options/wal-options.js'

export interface OpenWalOptions extends WalOptions, Waits {
  /**
   * The name of the log, which is that of its channel: lower-case letters, digits, "_" and "-", beginning with a letter
   * or digit, at most 200 in all, and no device name (con, nul …).
   */
  readonly channel: string
  /** `ro` creates, changes and fences nothing. Default: `'rw'`. */
  readonly accessMode?: 'rw' | 'ro'
  /**
   * Epoch of the writer, from 0; `next`: one above the highest that the log has seen. A lower one than the log’s is
   * `WAL_FENCED`. Not for `ro`. Default: `'next'`.
   */
  readonly term?: number | 'next'
  /**
   * How many milliseconds an open may take, connecting included. Then it fails with `WAL_TIMEOUT`, with the last
   * failure as its cause. Default: 30,000.
   */
  readonly openTimeoutMs?: number
  /** Options of the backend, beside those in the URL: clients, callbacks, what is long. Default: none. */
  readonly backend?: Readonly<Record<string, unknown>>
  /** The builder of a backend that is not registered. Default: by the URL. */
  readonly builder?: OpenerBuilderImpls
}

/**
 * Opens a channel of the backend that the URL names: `file:./data`, `memory:`. Opens for writing, at the next term, unless the
 * options say otherwise. Closing the WAL closes the backend's connections too. Rejects as `Opener.open` and
 * `OpenerBuilder.build` do, and with `WAL_BACKEND_NOT_REGISTERED`.
 */
export function openWal(
  url: string,
  options: OpenWalOptions & { readonly accessMode: 'ro' },
): Promise<ReadOnlyWAL>
export function openWal(url: string, options: OpenWalOptions & { readonly accessMode?: 'rw' }): Promise<WAL>
export function openWal(url: string, options: OpenWalOptions): Promise<WAL | ReadOnlyWAL>
export async function openWal(url: string, options: OpenWalOptions): Promise<WAL | ReadOnlyWAL> {
  const { builder: given, backend, checked } = checkOptions(options)
  const parsed = parseBackendUrl(url)
  const builder = given ?? builderForScheme(parsed.scheme)
  const deadline = new OpenDeadline(builder.name, checked)
  const { signal, trouble } = deadline
  const failed = (error: unknown) => trouble.failed(error, 'connecting failed, trying again')
  try {
    const backendOptions = { ...optionsFromUrl(builder, parsed), ...backend }
    const { runtime } = checked.options
    const opener = await buildOpener(builder, backendOptions, { runtime, waits: { signal, failed } })
    return await opener.openOnly(checked, deadline)
  } finally {
    deadline.clear()
  }
}

interface CheckedOpenWal {
  readonly builder: OpenerBuilderImpls | undefined
  readonly backend: OpenWalOptions['backend'] | undefined
  readonly checked: CheckedOpen
}

function checkOptions(given: OpenWalOptions): CheckedOpenWal {
  const { builder, backend, ...options } = readOptions<OpenWalOptions>(
    { ...OPEN_WAL_OPTIONS, ...WAL_OPTIONS },
    given,
    'openWal',
  )
  // The default term must not be passed on: an open for reading refuses a term.
  const { channel: name, accessMode, term: _term, ...rest } = options
  const { term } = given
  const channel = { name, ...(accessMode && { accessMode }), ...(term === undefined ? {} : { term }) }
  return { builder, backend, checked: checkOpenOptions({ channel, ...rest }, 'openWal') }
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
