import { messageTypeOf, type TimeTick } from '@wal/walimpls'
import type { ReadOptions } from '../api/scanner.js'
import type { LogRecord } from '../log/log-record.js'

/** Which of the records that count are this reader's: all conditions at once. The stage before delivery. */
export class ReadFilter {
  readonly #vchannel: string | undefined
  readonly #types: ReadonlySet<number> | undefined
  readonly #lowest: TimeTick

  constructor({ vchannel, types, timeTickFrom = 0n }: ReadOptions) {
    this.#vchannel = vchannel
    this.#types = types === undefined ? undefined : new Set(types)
    this.#lowest = timeTickFrom
  }

  /** Holds for time ticks as well. */
  admitsTimeTick(timeTick: TimeTick): boolean {
    return timeTick >= this.#lowest
  }

  /** A message without vchannel is everybody's; types of the library's own are never filtered away. */
  admits({ vchannel, type, timeTick }: LogRecord): boolean {
    if (this.#vchannel !== undefined && vchannel !== '' && vchannel !== this.#vchannel) return false
    if (this.#types !== undefined && !this.#types.has(type) && !messageTypeOf(type).system) return false
    return timeTick >= this.#lowest
  }
}
