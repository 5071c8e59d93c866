import type { InterceptorContext } from '../api/interceptor.js'
import type { Appender } from '../append/appender.js'
import type { WalMetrics } from '../diagnostics/wal-metrics.js'
import { buildInterceptors } from '../interceptor/build-interceptors.js'
import { InterceptorChain } from '../interceptor/chain.js'
import { AppendLock } from '../interceptor/lock.js'
import { timeTickInterceptor } from '../interceptor/time-tick.js'
import type { TimingsListener } from '../interceptor/timings.js'
import type { ResolvedWalOptions } from '../options/wal-options.js'
import type { HybridClock } from '../time-tick/hybrid-clock.js'

/** Builds the chain of one WAL: the user's interceptors around the library's own. Throws what a user's builder throws. */
export function openChain(parts: {
  readonly context: Omit<InterceptorContext, 'runtime' | 'logger'>
  readonly options: ResolvedWalOptions
  readonly appender: Appender
  readonly clock: HybridClock
  readonly where: string
  readonly metrics: WalMetrics | undefined
}): InterceptorChain {
  const { context, options, appender, clock, where, metrics } = parts
  const { runtime, logger, givenLogger, maxClockAheadMs } = options
  return new InterceptorChain({
    interceptors: buildInterceptors(options.interceptors, { ...context, runtime, logger: givenLogger }),
    lock: new AppendLock((signal) => appender.settledSoFar(signal)),
    timeTick: timeTickInterceptor({
      clock,
      maxClockAheadMs,
      where,
      confirmed: (timeTick, signal) => appender.confirmed(timeTick, signal),
    }),
    channel: context.channel,
    where,
    runtime,
    logger,
    onTimings: metrics && recordIn(metrics),
  })
}

function recordIn(metrics: WalMetrics): TimingsListener {
  return (timings) => {
    for (const { name, beforeMs, afterMs } of timings)
      metrics.intercepted(name, beforeMs / 1000, afterMs / 1000)
  }
}
