import type { Runtime } from '@wal/walimpls'

/** A moment on both of the runtime's clocks: a machine that slept may show it on one of them alone. */
export interface Moment {
  readonly wall: number
  readonly monotonic: number
}

export function momentOf(runtime: Pick<Runtime, 'now' | 'monotonic'>): Moment {
  return { wall: runtime.now(), monotonic: runtime.monotonic() }
}
