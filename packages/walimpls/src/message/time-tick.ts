/**
 * A time tick is a 64-bit hybrid timestamp: wall milliseconds shifted left by 18, and a logical counter below.
 * Unique and rising on a pchannel; the order of delivery.
 */
export type TimeTick = bigint

export const LOGICAL_BITS = 18n
export const LOGICAL_LIMIT = 1 << 18
export const MAX_TIME_TICK: TimeTick = (1n << 64n) - 1n

export function timeTickOf(milliseconds: number, logical = 0): TimeTick {
  return (BigInt(milliseconds) << LOGICAL_BITS) | BigInt(logical)
}

/** The wall-clock part, in milliseconds since 1970. */
export function millisecondsOf(timeTick: TimeTick): number {
  return Number(timeTick >> LOGICAL_BITS)
}
