import { invalidArgument, MAX_TIME_TICK, messageTypeOf } from '@wal/walimpls'
import type { ReadOptions } from '../api/scanner.js'
import { parsePosition } from '../log/position.js'
import { checkSignal, checkWaits } from '../options/waits.js'

const CHECKS: { readonly [K in keyof Required<ReadOptions>]: (value: unknown) => void } = {
  deliver: oneOf('deliver', 'all', 'latest'),
  from: (value) => void parsePosition(value, 'The option "from" of read'),
  after: (value) => void parsePosition(value, 'The option "after" of read'),
  until: (value) => {
    if (typeof value === 'bigint') checkTimeTick('until', value)
    else if (value !== 'end') parsePosition(value, 'The option "until" of read')
  },
  vchannel: (value) => {
    if (typeof value !== 'string') throw invalidArgument('The option "vchannel" of read must be text', value)
  },
  types: checkTypes,
  timeTickFrom: (value) => checkTimeTick('timeTickFrom', value),
  timeTicks: (value) => {
    if (typeof value !== 'boolean')
      throw invalidArgument('The option "timeTicks" of read must be true or false', value)
  },
  gaps: oneOf('gaps', 'reject', 'deliver'),
  orderViolations: oneOf('orderViolations', 'reject', 'deliver'),
  signal: (value) => checkSignal(value, 'read'),
}

/** Refuses what can be refused without looking at the log. */
export function checkReadOptions(options: ReadOptions): void {
  checkWaits(options, 'read', Object.keys(CHECKS))
  for (const [name, value] of Object.entries(options))
    if (value !== undefined) CHECKS[name as keyof ReadOptions](value)
  const starts = [options.deliver, options.from, options.after].filter((start) => start !== undefined)
  if (starts.length > 1)
    throw invalidArgument('A read begins at one place: give one of the options "deliver", "from" and "after"')
}

function oneOf(name: string, first: string, second: string): (value: unknown) => void {
  return (value) => {
    if (value !== first && value !== second)
      throw invalidArgument(`The option "${name}" of read must be "${first}" or "${second}"`, value)
  }
}

function checkTimeTick(name: string, value: unknown): void {
  if (typeof value !== 'bigint' || value < 0n || value > MAX_TIME_TICK)
    throw invalidArgument(
      `The option "${name}" of read must be a time tick (a bigint from 0 to 2^64 - 1)`,
      value,
    )
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
