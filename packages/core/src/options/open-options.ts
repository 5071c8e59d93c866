import { CHANNEL_NAME_RULE, checkChannelName, invalidArgument } from '@wal/walimpls'
import type { ChannelOptions, OpenOptions } from '../api/opener.js'
import { checkNames, checkSignal } from './waits.js'
import { type ResolvedWalOptions, resolveWalOptions, WAL_OPTIONS } from './wal-options.js'

const DEFAULT_OPEN_TIMEOUT_MS = 30_000
const CHANNEL_OPTIONS = ['name', 'accessMode', 'term']
/** Of an open, beside those of every WAL. */
const OPEN_OPTIONS = ['channel', 'openTimeoutMs', 'signal']

/** What an open was asked for, checked and with its defaults. */
export interface CheckedOpen {
  readonly channel: Required<ChannelOptions>
  readonly openTimeoutMs: number
  readonly signal: AbortSignal | undefined
  readonly options: ResolvedWalOptions
}

/** Throws `WAL_INVALID_ARGUMENT`: all that can be refused before anything is connected or looked at. */
export function checkOpenOptions(options: OpenOptions, call: 'open' | 'openWal' = 'open'): CheckedOpen {
  if (typeof options !== 'object' || options === null)
    throw invalidArgument(`the options of ${call} must be an object with a channel`, options)
  checkNames(options, call, [...OPEN_OPTIONS, ...Object.keys(WAL_OPTIONS)])
  const { channel, openTimeoutMs = DEFAULT_OPEN_TIMEOUT_MS, signal, ...walOptions } = options
  const checked = checkChannel(channel, call)
  if (!Number.isFinite(openTimeoutMs) || openTimeoutMs <= 0 || openTimeoutMs >= 2 ** 31)
    throw invalidArgument(
      `option "openTimeoutMs" of ${call} must be a number of milliseconds above 0 and below 2^31`,
      openTimeoutMs,
    )
  checkSignal(signal, call)
  return { channel: checked, openTimeoutMs, signal, options: resolveWalOptions(walOptions, call) }
}

function checkChannel(channel: ChannelOptions, call: string): Required<ChannelOptions> {
  if (channel === undefined)
    throw invalidArgument(`${call} needs the option "channel": an object with the name of the log`)
  if (typeof channel !== 'object' || channel === null)
    throw invalidArgument(`option "channel" of ${call} must be an object with a name`, channel)
  checkNames(channel, 'the channel', CHANNEL_OPTIONS)
  const { name, accessMode = 'rw', term = 'next' } = channel
  if (name === undefined) throw invalidArgument(`The channel needs a name: ${CHANNEL_NAME_RULE}`)
  checkChannelName(name)
  if (accessMode !== 'rw' && accessMode !== 'ro')
    throw invalidArgument('accessMode must be "rw" or "ro"', accessMode)
  if (term !== 'next' && !(Number.isSafeInteger(term) && term >= 0))
    throw invalidArgument('term must be "next" or a safe integer from 0', term)
  if (accessMode === 'ro' && channel.term !== undefined)
    throw invalidArgument('A log that is opened read-only takes no term: leave it out')
  return { name, accessMode, term }
}
