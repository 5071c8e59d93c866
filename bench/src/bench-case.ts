/** One side of a comparison: does `count` operations and answers how long they took, in ms, set-up left out. */
export interface Contender {
  readonly name: string
  round(count: number): Promise<number>
  close?(): Promise<void>
}

export interface BenchCase {
  readonly name: string
  /** What one operation is called, such as `append`. */
  readonly unit: string
  /** Operations in a round, and in a round with `--quick`. */
  readonly count: number
  readonly quickCount: number
  /** The ratio to reach, ours ÷ peer in operations a second; absent where there is only a figure to watch. */
  readonly atLeast?: number
  /** The server that the case needs. Both sides of a comparison with another commit share one. */
  readonly server?: 'redis'
  /** `folder` is empty, and is removed when the case has ended. */
  prepare(folder: string): Promise<{ readonly ours: Contender; readonly peer: Contender }>
}

/** Runs `work` and answers the milliseconds it took. */
export async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Bytes that do not compress to almost nothing. The first four differ from message to message. */
export function payloadOf(index: number, bytes = 256): Uint8Array {
  const payload = Buffer.alloc(bytes, 'abcdefghijklmnopqrstuvwxyz0123456789')
  payload.writeUInt32LE(index)
  return payload
}
