import type { TimeTick, Writer } from '@wal/walimpls'
import { DuplicateJudge } from './duplicate-judge.js'
import type { LogRecord } from './log-record.js'
import { VoidJudge } from './void-judge.js'

/** Decides which records of a log count: the ones that are neither void nor second copies. */
export class CountingJudge {
  readonly #voids: VoidJudge
  readonly #duplicates: DuplicateJudge

  /** `known`: the current writer where reading starts, and the time tick of the last record that counts there. */
  constructor(known?: { readonly writer: Writer; readonly timeTick: TimeTick }) {
    this.#voids = new VoidJudge(known)
    this.#duplicates = new DuplicateJudge(known?.timeTick)
  }

  get writer(): Writer | undefined {
    return this.#voids.writer
  }

  /** The time tick of the last record that counts; -1 before the first. */
  get timeTick(): TimeTick {
    return this.#duplicates.timeTick
  }

  /** Called when the next records are gone; see `VoidJudge`. */
  passHole(): void {
    this.#voids.passHole()
  }

  counts(record: LogRecord): boolean {
    return !this.#voids.isVoid(record) && !this.#duplicates.isCopy(record)
  }
}
