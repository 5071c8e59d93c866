/** How long one interceptor worked, or waited, on one append. Milliseconds. */
export interface InterceptorTiming {
  readonly name: string
  /** Until it called `next`, or ended without; over all turns when the append was run again. */
  beforeMs: number
  /** From the outcome of `next` on. */
  afterMs: number
}

/** All of one append, the outermost first. Given to who listens, when the append has ended, however it did. */
export type TimingsListener = (timings: readonly InterceptorTiming[], totalMs: number) => void

/** An append that took longer is worth a line in the log. */
export const SLOW_APPEND_MS = 1000
