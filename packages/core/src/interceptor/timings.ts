/** How many milliseconds one interceptor worked or waited on one append. */
export interface InterceptorTiming {
  readonly name: string
  /**
   * Until it called `next`, or ended without calling it. When the append was run again, the times of all runs are added up.
   */
  beforeMs: number
  /** From the outcome of `next` until it ended. */
  afterMs: number
}

/** Called when an append has ended, well or not, with the timings of all interceptors, the outermost first. */
export type TimingsListener = (timings: readonly InterceptorTiming[], totalMs: number) => void

/** An append that takes longer is logged as slow. */
export const SLOW_APPEND_MS = 1000
