/** One side of a comparison: does `count` operations and answers how long they took, in ms, set-up left out. */
export interface Contender {
  readonly name: string
  round(count: number): Promise<number>
  close?(): Promise<void>
}

export interface BenchCase {
  readonly name: string
  /** What an operation is. */
  readonly unit: string
  /** Operations a round, and with `--quick`. */
  readonly count: number
  readonly quickCount: number
  /** The ratio to reach, ours ÷ peer in operations a second; absent where there is only a figure to watch. */
  readonly atLeast?: number
  /** The server that it needs. Both sides of a comparison with another commit share one. */
  readonly server?: 'redis'
  /** `folder` is empty and removed afterwards. */
  prepare(folder: string): Promise<{ readonly ours: Contender; readonly peer: Contender }>
}

/** Runs `work` and answers the milliseconds it took. */
export async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** 256 bytes that do not compress to nothing, and differ from message to message in the first four. */
export function payloadOf(index: number, bytes = 256): Uint8Array {
  const payload = Buffer.alloc(bytes, 'abcdefghijklmnopqrstuvwxyz0123456789')
  payload.writeUInt32LE(index)
  return payload
}
