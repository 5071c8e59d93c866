/** One side of a comparison. Performs `count` operations, and answers how many milliseconds they took, without the set-up. */
export interface Contender {
  readonly name: string
  round(count: number): Promise<number>
  close?(): Promise<void>
}

export interface BenchCase {
  readonly name: string
  /** The name of one operation, such as `append`. */
  readonly unit: string
  /** The number of operations in a round, and in a round with `--quick`. */
  readonly count: number
  readonly quickCount: number
  /**
   * The ratio that the case should reach: our operations per second divided by the peer's. Absent when the figure is only to be
   * watched.
   */
  readonly atLeast?: number
  /** The server that the case needs. In a comparison with another commit both sides use the same server. */
  readonly server?: 'redis' | 'kafka' | 'pulsar'
  /**
   * Prepares the case. `folder` is empty, and is removed when the case has ended. Rejects with `CaseUnavailable` when the machine
   * lacks what the case needs.
   */
  prepare(folder: string): Promise<{ readonly ours: Contender; readonly peer: Contender }>
}

/** Something that a case needs is not on this machine. The other cases run all the same. */
export class CaseUnavailable extends Error {}

/** Runs `work` and answers the milliseconds it took. */
export async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Makes a payload of letters and digits. Its first four bytes differ from message to message. */
export function payloadOf(index: number, bytes = 256): Uint8Array {
  const payload = Buffer.alloc(bytes, 'abcdefghijklmnopqrstuvwxyz0123456789')
  payload.writeUInt32LE(index)
  return payload
}
