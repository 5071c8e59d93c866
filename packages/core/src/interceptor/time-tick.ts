import { AppendError, type TimeTick } from '@wal/walimpls'
import type { Interceptor } from '../api/interceptor.js'
import type { HybridClock } from '../time-tick/hybrid-clock.js'

/**
 * Innermost: honours a barrier. The message's time tick itself is given where batches are cut, behind everything that
 * may wait. So once the clock has passed the barrier, nothing on this channel can get a tick at or below it any more,
 * and the barrier is confirmed when what is in flight by then has its outcome.
 */
export function timeTickInterceptor(parts: {
  readonly clock: HybridClock
  readonly maxClockAheadMs: number
  readonly where: string
  /** Resolves when nothing in flight has a time tick at or below this one. */
  readonly confirmed: (timeTick: TimeTick, signal: AbortSignal) => Promise<void>
}): Interceptor {
  const { clock, maxClockAheadMs, where, confirmed } = parts
  return {
    name: 'time-tick',
    async append({ message, options: { barrierTimeTick }, signal }, next) {
      if (barrierTimeTick === undefined) return next(message)
      if (!clock.follow(barrierTimeTick, maxClockAheadMs)) {
        throw new AppendError(
          'WAL_CLOCK_AHEAD',
          `${where}: barrierTimeTick ${barrierTimeTick} is further ahead of this machine's clock than maxClockAheadMs (${maxClockAheadMs}): not written`,
          { outcome: 'not-written' },
        )
      }
      await confirmed(barrierTimeTick, signal)
      return next(message)
    },
  }
}
