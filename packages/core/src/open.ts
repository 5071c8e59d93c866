import {
  CHANNEL_NAME_RULE,
  getBuilder,
  invalidArgument,
  listBackends,
  mustGetBuilder,
  type OpenerBuilderImpls,
  type Waits,
} from '@wal/walimpls'
import { optionsFromUrl, parseBackendUrl } from '@wal/walimpls/helper'
import { OpenDeadline } from './adaptor/open-deadline.js'
import type { ReadOnlyWAL, WAL } from './api/wal.js'
import type { WalOptions } from './api/wal-options.js'
import { buildOpener } from './builder.js'
import { type CheckedOpen, checkOpenOptions } from './options/open-options.js'
import { checkNames } from './options/waits.js'
import { WAL_OPTIONS } from './options/wal-options.js'

export interface OpenWalOptions extends WalOptions, Waits {
  /** Lower-case letters, digits, `_` and `-`, beginning with a letter or digit; at most 200. */
  readonly channel: string
  readonly accessMode?: 'rw' | 'ro'
  /** Epoch of the writer; `next` when not said: one above the highest that the log has seen. Not for `ro`. */
  readonly term?: number | 'next'
  /** How long an open may take, in milliseconds, connecting included; then `WAL_TIMEOUT`. Default 30,000. */
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
  const { builder: given, backend, checked } = checkOptions(options)
  const parsed = parseBackendUrl(url)
  const builder = given ?? builderForScheme(parsed.scheme)
  const deadline = new OpenDeadline(builder.name, checked)
  const { signal, trouble } = deadline
  const failed = (error: unknown) => trouble.failed(error, 'connecting failed, trying again')
  try {
    const opener = await buildOpener(
      builder,
      { ...optionsFromUrl(builder, parsed), ...backend },
      checked.options.runtime,
      { signal, failed },
    )
    return await opener.openOnly(checked, deadline)
  } finally {
    deadline.clear()
  }
}

/** Options of `openWal` that `open` of an opener has not, or has within its channel. */
const OWN_OPTIONS = ['channel', 'accessMode', 'term', 'openTimeoutMs', 'signal', 'backend', 'builder']

interface CheckedOpenWal {
  readonly builder: OpenerBuilderImpls | undefined
  readonly backend: OpenWalOptions['backend'] | undefined
  readonly checked: CheckedOpen
}

function checkOptions(options: OpenWalOptions): CheckedOpenWal {
  if (typeof options !== 'object' || options === null)
    throw invalidArgument('the options of openWal must be an object with a channel', options)
  checkNames(options, 'openWal', [...OWN_OPTIONS, ...Object.keys(WAL_OPTIONS)])
  const { channel, accessMode = 'rw', term, backend, builder, ...rest } = options
  if (channel === undefined)
    throw invalidArgument(`openWal needs the option "channel": the name of the log, ${CHANNEL_NAME_RULE}`)
  if (builder !== undefined && typeof builder?.build !== 'function')
    throw invalidArgument('option "builder" of openWal must be the builder of a backend', builder)
  if (backend !== undefined && (typeof backend !== 'object' || backend === null))
    throw invalidArgument('option "backend" of openWal must be an object with options of the backend')
  const named = { name: channel, accessMode, ...(term === undefined ? {} : { term }) }
  return { builder, backend, checked: checkOpenOptions({ channel: named, ...rest }, 'openWal') }
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
