import { messageTypeOf, type TimeTick } from '@wal/walimpls'
import type { ReadOptions } from '../../api/scanner.js'
import { isTimeTick } from '../../log/log-record.js'
import type { ReadStage, Unit } from './read-stage.js'
import { Sieve } from './sieve.js'

/** The stage that lets a message or time tick pass if it fulfils every filter in the options of `read`. */
export function chooseUnits(options: ReadOptions): ReadStage {
  return new ChosenUnits(options)
}

class ChosenUnits extends Sieve {
  readonly #timeTicks: boolean
  readonly #vchannel: string | undefined
  readonly #types: ReadonlySet<number> | undefined
  readonly #lowest: TimeTick | undefined

  constructor({ timeTicks, vchannel, types, timeTickFrom }: ReadOptions) {
    super()
    this.#timeTicks = timeTicks === true
    this.#vchannel = vchannel
    this.#types = types === undefined ? undefined : new Set(types)
    this.#lowest = timeTickFrom
  }

  /**
   * Messages without vchannel belong to every vchannel. Types that the library itself uses pass every type filter. A record
   * that was stored too late for its place in the order passes every filter, since every reader has to learn that the order is
   * broken.
   */
  protected admits(unit: Unit): boolean {
    if (unit.late !== undefined) return true
    if (this.#lowest !== undefined && unit.timeTick < this.#lowest) return false
    if (isTimeTick(unit)) return this.#timeTicks
    const { vchannel, type } = unit
    if (this.#vchannel !== undefined && vchannel !== '' && vchannel !== this.#vchannel) return false
    return this.#types === undefined || this.#types.has(type) || messageTypeOf(type).system === true
  }
}
