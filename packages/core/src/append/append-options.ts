import { invalidArgument } from '@wal/walimpls'
import type { AppendOptions } from '../wal.js'

const MAX_TIME_TICK = (1n << 64n) - 1n

/** Throws `WAL_INVALID_ARGUMENT`. A misspelt option must not be a silent default. */
export function checkAppendOptions(options: AppendOptions): void {
  if (typeof options !== 'object' || options === null)
    throw invalidArgument('append options', 'an object', options)
  for (const name of Object.keys(options))
    if (name !== 'timeoutMs' && name !== 'signal' && name !== 'barrierTimeTick')
      throw invalidArgument(`append option "${name}"`, 'one of timeoutMs, signal, barrierTimeTick')
  const { signal, barrierTimeTick } = options
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw invalidArgument('signal', 'an AbortSignal', signal)
  if (barrierTimeTick === undefined) return
  if (typeof barrierTimeTick !== 'bigint' || barrierTimeTick < 0n || barrierTimeTick > MAX_TIME_TICK)
    throw invalidArgument('barrierTimeTick', 'a time tick: a bigint from 0 to 2^64 - 1', barrierTimeTick)
}

export function checkTimeout(timeoutMs: unknown): void {
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0) || timeoutMs > 2 ** 31 - 1)
    throw invalidArgument('timeoutMs', 'a number of milliseconds above 0 and below 2^31', timeoutMs)
}
