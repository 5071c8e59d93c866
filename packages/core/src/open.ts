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
  /** `rw` opens for writing; `ro` opens for reading, and creates, changes and fences nothing. Default: `'rw'`. */
  readonly accessMode?: 'rw' | 'ro'
  /**
   * Term of the writer, a number from 0 on. `next` is one above the highest term that the log has seen. A term lower than the
   * log's rejects with `WAL_FENCED`. Not for `ro`. Default: `'next'`.
   */
  readonly term?: number | 'next'
  /**
   * How many milliseconds an open may take, connecting included. After that it rejects with `WAL_TIMEOUT`, whose cause is the
   * last failure. Default: 30,000.
   */
  readonly openTimeoutMs?: number
  /** Options of the backend that do not fit into the URL, such as clients and callbacks. Default: none. */
  readonly backend?: Readonly<Record<string, unknown>>
  /** The builder of a backend that is not registered. Default: the registered backend that the URL names. */
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
