import { CHANNEL_NAME_RULE, invalidArgument, isChannelName, type OptionTable } from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import type { ChannelOptions, OpenOptions } from '../api/opener.js'
import { TIME_OUT } from './accepted-values.js'
import { checkSignal } from './waits.js'
import { type ResolvedWalOptions, resolveWalOptions, WAL_OPTIONS } from './wal-options.js'

/** The name of a log, on all backends. */
export const CHANNEL_NAME = {
  type: 'text',
  required: true,
  description: `The name of the log, which is that of its channel: ${CHANNEL_NAME_RULE}.`,
  accepts: { rule: `a name of ${CHANNEL_NAME_RULE}`, test: isChannelName },
} as const

/** Of every call that opens a log: how it is opened. */
export const HOW_TO_OPEN = {
  accessMode: {
    type: 'text',
    allowed: ['rw', 'ro'],
    default: 'rw',
    description: '`ro` creates, changes and fences nothing.',
  },
  term: {
    type: 'value',
    default: 'next',
    description:
      'Epoch of the writer, from 0; `next`: one above the highest that the log has seen. A lower one than the log’s is `WAL_FENCED`. Not for `ro`.',
    accepts: {
      rule: '"next" or a safe integer from 0',
      test: (term) => term === 'next' || (Number.isSafeInteger(term) && (term as number) >= 0),
    },
  },
} as const satisfies OptionTable

/** Of every call that opens a log: how long it may take. */
export const HOW_LONG_TO_OPEN = {
  openTimeoutMs: {
    type: 'value',
    default: 30_000,
    description:
      'How many milliseconds an open may take, connecting included. Then it fails with `WAL_TIMEOUT`, with the last failure as its cause.',
    accepts: TIME_OUT,
  },
  signal: { type: 'value', description: 'Its abort ends the open, which then rejects with `signal.reason`.' },
} as const satisfies OptionTable

export const CHANNEL_OPTIONS = { name: CHANNEL_NAME, ...HOW_TO_OPEN } as const satisfies OptionTable

/** Of `open` of an opener, beside those of every WAL. */
export const OPEN_OPTIONS = {
  channel: {
    type: 'value',
    required: true,
    description: 'An object with the name of the log: which log to open, and how.',
    accepts: { rule: 'an object with a name', test: (value) => typeof value === 'object' && value !== null },
  },
  ...HOW_LONG_TO_OPEN,
} as const satisfies OptionTable

/** What an open was asked for, checked and with its defaults. */
export interface CheckedOpen {
  readonly channel: Required<ChannelOptions>
  readonly openTimeoutMs: number
  readonly signal: AbortSignal | undefined
  readonly options: ResolvedWalOptions
}

/** Throws `WAL_INVALID_ARGUMENT`: all that can be refused before anything is connected or looked at. */
export function checkOpenOptions(given: OpenOptions, call: 'open' | 'openWal' = 'open'): CheckedOpen {
  const { channel, openTimeoutMs, signal, ...options } = readOptions<OpenOptions & { openTimeoutMs: number }>(
    { ...OPEN_OPTIONS, ...WAL_OPTIONS },
    given,
    call,
  )
  const checked = checkChannel(channel)
  checkSignal(signal, call)
  return { channel: checked, openTimeoutMs, signal, options: resolveWalOptions(options, call) }
}

function checkChannel(given: ChannelOptions): Required<ChannelOptions> {
  const channel = readOptions<Required<ChannelOptions>>(CHANNEL_OPTIONS, given, 'the channel')
  if (channel.accessMode === 'ro' && given.term !== undefined)
    throw invalidArgument('A log that is opened read-only takes no term: leave it out')
  return channel
}
