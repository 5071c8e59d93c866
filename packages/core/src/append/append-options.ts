import { invalidArgument, type OptionTable } from '@wal/walimpls'
import type { AppendOptions, AppendResult } from '../api/wal.js'
import { TIME_OUT, TIME_TICK } from '../options/accepted-values.js'
import { checkWaits } from '../options/waits.js'

/** Of `append`, `appendBatch`, `appendAll` and, but for the barrier, `barrier`. */
export const APPEND_OPTIONS = {
  timeoutMs: {
    type: 'value',
    defaultText: 'the WAL’s `appendTimeoutMs`',
    description: 'How many milliseconds to wait for the outcome.',
    accepts: TIME_OUT,
  },
  signal: { type: 'value', description: 'Its abort ends the wait, not the append (G4).' },
  barrierTimeTick: {
    type: 'value',
    description:
      'The message gets a greater time tick than this, once everything on this log up to it has its outcome. One in the past costs no wait; one further ahead of the wall clock than `maxClockAheadMs` is `WAL_CLOCK_AHEAD` (not written).',
    accepts: TIME_TICK,
  },
} as const satisfies OptionTable

/** Throws `WAL_INVALID_ARGUMENT`. Called for each append that is given options, so it makes no checked copy of them. */
export function checkAppendOptions(options: AppendOptions): void {
  checkWaits(options, 'an append', APPEND_OPTIONS)
  const { timeoutMs, barrierTimeTick } = options
  if (timeoutMs !== undefined && !TIME_OUT.test(timeoutMs)) throw refusal('timeoutMs', timeoutMs)
  if (barrierTimeTick !== undefined && !TIME_TICK.test(barrierTimeTick))
    throw refusal('barrierTimeTick', barrierTimeTick)
}

function refusal(name: 'timeoutMs' | 'barrierTimeTick', value: unknown): Error {
  const { rule } = APPEND_OPTIONS[name].accepts
  return invalidArgument(`The option "${name}" of an append must be ${rule}`, value)
}

/** The results of a batch without messages, whose options are checked all the same. */
export function emptyBatch(options: AppendOptions): AppendResult[] {
  checkAppendOptions(options)
  return []
}
