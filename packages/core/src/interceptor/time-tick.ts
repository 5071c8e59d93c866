import { AppendError, type TimeTick } from '@wal/walimpls'
import type { Interceptor } from '../api/interceptor.js'
import type { HybridClock } from '../time-tick/hybrid-clock.js'

/**
 * The innermost interceptor: it makes `barrierTimeTick` hold. A message gets its time tick only when its batch is cut, behind
 * everything that may wait. So once the clock has passed the barrier, no message of this log gets a time tick at or below it.
 * Example: with a barrier of 100 the clock moves on to 101; messages with 98 and 99 are in flight; when both have their
 * outcome, the append goes on, and gets 101 or more.
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
