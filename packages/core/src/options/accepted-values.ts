import { MAX_TIME_TICK, type OptionSpec } from '@wal/walimpls'

type Accepts = NonNullable<OptionSpec['accepts']>

/** Node's timers take no longer time: they would fire at once. */
const LONGEST_MS = 2 ** 31 - 1

/** How long a call may take, or waits for its outcome. */
export const TIME_OUT: Accepts = {
  rule: 'a number of milliseconds above 0 and below 2^31',
  test: (ms) => typeof ms === 'number' && ms > 0 && ms <= LONGEST_MS,
}

export const TIME_TICK: Accepts = {
  rule: 'a time tick: a bigint from 0 to 2^64 - 1',
  test: (timeTick) => typeof timeTick === 'bigint' && timeTick >= 0n && timeTick <= MAX_TIME_TICK,
}
