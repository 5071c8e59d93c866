import { invalidArgument } from '@wal/walimpls'
import type { AppendOptions, AppendResult } from '../api/wal.js'
import { checkWaits } from '../options/waits.js'

const NAMES = ['timeoutMs', 'signal', 'barrierTimeTick']

const MAX_TIME_TICK = (1n << 64n) - 1n

/** Throws `WAL_INVALID_ARGUMENT`. */
export function checkAppendOptions(options: AppendOptions): void {
  checkWaits(options, 'an append', NAMES)
  const { barrierTimeTick } = options
  if (barrierTimeTick === undefined) return
  if (typeof barrierTimeTick !== 'bigint' || barrierTimeTick < 0n || barrierTimeTick > MAX_TIME_TICK)
    throw invalidArgument(
      'The option "barrierTimeTick" of an append must be a time tick: a bigint from 0 to 2^64 - 1',
      barrierTimeTick,
    )
}

export function checkTimeout(timeoutMs: unknown): void {
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0) || timeoutMs > 2 ** 31 - 1)
    throw invalidArgument(
      'The option "timeoutMs" of an append must be a number of milliseconds above 0 and below 2^31',
      timeoutMs,
    )
}

/** What becomes of a batch of no messages. */
export function emptyBatch(options: AppendOptions): AppendResult[] {
  checkAppendOptions(options)
  return []
}
