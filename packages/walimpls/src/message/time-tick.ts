/**
 * A message's place in the log's order: a 64-bit number. Its lower 18 bits are a counter, the bits above are the wall-clock
 * time in milliseconds. Time ticks are unique in a log, and messages are delivered in rising order of their time ticks.
 */
export type TimeTick = bigint

export const LOGICAL_BITS = 18n
export const LOGICAL_LIMIT = 1 << 18
export const MAX_TIME_TICK: TimeTick = (1n << 64n) - 1n

export function timeTickOf(milliseconds: number, logical = 0): TimeTick {
  return (BigInt(milliseconds) << LOGICAL_BITS) | BigInt(logical)
}

/** The wall-clock part of a time tick, in milliseconds since 1970. */
export function millisecondsOf(timeTick: TimeTick): number {
  return Number(timeTick >> LOGICAL_BITS)
}
