import { type FilledOptions, invalidArgument, messageTypeOf, type OptionTable } from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import type { ReadOptions } from '../api/scanner.js'
import { parsePosition } from '../log/position.js'
import { TIME_TICK } from '../options/accepted-values.js'
import { checkSignal } from '../options/waits.js'

/** The options of `read`. `checkReadOptions` also checks positions and types, for which this table has no rules. */
export const READ_OPTIONS = {
  deliver: {
    type: 'text',
    allowed: ['all', 'latest'],
    default: 'all',
    description:
      'Where to begin. `all`: from the oldest record kept. `latest`: only what is appended after `ready()`.',
  },
  from: {
    type: 'value',
    description: 'From this position on, inclusive. One of `deliver`, `from` and `after` at most.',
  },
  after: { type: 'value', description: 'Behind this position: the way to resume.' },
  until: {
    type: 'value',
    description:
      'Where to end, inclusive: a position, a time tick, or `end`, the log’s end at `ready()`. Without it the scanner tails forever.',
  },
  vchannel: {
    type: 'text',
    description: 'Only this vchannel, and messages that belong to every vchannel.',
  },
  types: {
    type: 'value',
    description:
      'Only messages of these types. Types of the library’s own are refused: they are not the reader’s to filter.',
  },
  timeTickFrom: {
    type: 'value',
    description:
      'Only what has this time tick or a greater one; time ticks delivered by `timeTicks` as well. Above one: add `1n`.',
    accepts: TIME_TICK,
  },
  timeTicks: {
    type: 'boolean',
    default: false,
    description: 'Deliver time ticks as well, as elements of the kind `timeTick`.',
  },
  gaps: {
    type: 'text',
    allowed: ['reject', 'deliver'],
    default: 'reject',
    description:
      'Where records that the scanner should read next are gone: `reject` with `WAL_POSITION_TRUNCATED`, or `deliver` a `Gap` and go on with the oldest record kept.',
  },
  orderViolations: {
    type: 'text',
    allowed: ['reject', 'deliver'],
    default: 'reject',
    description:
      'A record of another system’s log that lies below what was already delivered: `reject` with `WAL_CORRUPT`, or `deliver` it as an `OrderViolation`, whatever the filters, and go on.',
  },
  signal: {
    type: 'value',
    description: 'Its abort closes the scanner and rejects the loop with `signal.reason`.',
  },
} as const satisfies OptionTable

/** The options of `read` with their defaults. `deliver` is "all" beside `from` or `after` too, and has no effect then. */
export type CheckedReadOptions = FilledOptions<ReadOptions, typeof READ_OPTIONS>

/** Throws `WAL_INVALID_ARGUMENT` for options of `read` that are wrong whatever the log holds. */
export function checkReadOptions(given: ReadOptions): CheckedReadOptions {
  const options = readOptions<CheckedReadOptions>(READ_OPTIONS, given, 'read')
  const { from, after, until, types, signal } = options
  if (from !== undefined) parsePosition(from, 'The option "from" of read')
  if (after !== undefined) parsePosition(after, 'The option "after" of read')
  if (until !== undefined) checkUntil(until)
  if (types !== undefined) checkTypes(types)
  checkSignal(signal, 'read')
  const starts = [given.deliver, from, after].filter((start) => start !== undefined)
  if (starts.length > 1)
    throw invalidArgument('A read begins at one place: give one of the options "deliver", "from" and "after"')
  return options
}

function checkUntil(value: unknown): void {
  if (value === 'end') return
  if (typeof value !== 'bigint') parsePosition(value, 'The option "until" of read')
  else if (!TIME_TICK.test(value))
    throw invalidArgument(`The option "until" of read must be ${TIME_TICK.rule}`, value)
}

function checkTypes(value: unknown): void {
  if (!Array.isArray(value) || value.length === 0)
    throw invalidArgument(
      'The option "types" of read must be a list of at least one message type number',
      value,
    )
  for (const type of value) {
    if (!Number.isInteger(type) || type < 0 || type >= 2 ** 31)
      throw invalidArgument('The option "types" of read must hold integers from 0 to 2^31 - 1', type)
    if (messageTypeOf(type).system)
      throw invalidArgument(
        `The option "types" of read takes no type of the library's own, as ${messageTypeOf(type).name} is. Such records are always read; the option "timeTicks" delivers time ticks`,
      )
  }
}
