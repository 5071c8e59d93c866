import type { MessageIdCodec } from '@wal/walimpls'
import { movedTo, type TruncationPoint } from './truncation-point.js'

/** How one time tick names the log's beginning, from the moment it is sent until its outcome is known. */
export interface SaidBeginning {
  /** The truncation point that the time tick has to name if it is sent now. */
  now(): TruncationPoint | undefined
  /** Called when the time tick is sent; it names the point that `now` returns. */
  sent(): void
  /** Called when the time tick is stored. */
  stored(): void
  /** Called when the outcome of the time tick will never be known. `maybeStored`: it may be stored, now or later. */
  failed(maybeStored: boolean): void
}

/**
 * The log's beginning, as the writer's time ticks name it. A reader believes the last time tick in the log. So each time tick
 * must name a truncation point at least as far on as every earlier time tick that may be stored. A truncation's own time tick
 * is the first one that names its point, so a truncation that was given up before that time tick was sent leaves no trace.
 *
 * Example: the log begins at 10, and truncations to 20 and to 30 are under way. The time tick of the first truncation was sent
 * and may be stored. So an ordinary time tick sent now has to name 20, and the one of the second truncation names 30. If the
 * first truncation had been given up before its time tick was sent, ordinary time ticks would still name 10.
 */
export class LogBeginning {
  readonly #ids: MessageIdCodec
  #stored: TruncationPoint | undefined
  #irrevocable: TruncationPoint | undefined
  /** The truncation points named by time ticks that were sent and not yet answered. */
  readonly #sent = new Map<SaidBeginning, TruncationPoint>()

  constructor(point: TruncationPoint | undefined, ids: MessageIdCodec) {
    this.#stored = point
    this.#irrevocable = point
    this.#ids = ids
  }

  /** The furthest truncation point that a time tick names which is certainly stored. */
  get stored(): TruncationPoint | undefined {
    return this.#stored
  }

  /**
   * The furthest truncation point that cannot be taken back: a stored time tick may name it, or storage may be freed up to it.
   */
  get irrevocable(): TruncationPoint | undefined {
    return this.#irrevocable
  }

  /** From now on every time tick that is sent names this truncation point, or one further on. */
  makeIrrevocable(point: TruncationPoint): void {
    this.#irrevocable = this.#further(this.#irrevocable, point)
  }

  /**
   * Whether a stored time tick may name this truncation point, or one further on, even if the truncation that asked for it
   * fails.
   */
  mayBeginAt(point: TruncationPoint): boolean {
    return (this.#said?.timeTick ?? -1n) >= point.timeTick
  }

  /**
   * The naming for one time tick that is about to be sent. `point`: the truncation's own point, if a truncation sends the time
   * tick.
   */
  say(point?: TruncationPoint): SaidBeginning {
    const said: SaidBeginning = {
      now: () => this.#further(this.#said, point),
      sent: () => {
        const now = said.now()
        if (now !== undefined) this.#sent.set(said, now)
      },
      stored: () => {
        const stored = this.#removeSent(said)
        this.#stored = this.#further(this.#stored, stored)
        this.#irrevocable = this.#further(this.#irrevocable, stored)
      },
      failed: (maybeStored) => {
        const sent = this.#removeSent(said)
        if (maybeStored) this.#irrevocable = this.#further(this.#irrevocable, sent)
      },
    }
    return said
  }

  get #said(): TruncationPoint | undefined {
    let said = this.#irrevocable
    for (const point of this.#sent.values()) said = this.#further(said, point)
    return said
  }

  #removeSent(said: SaidBeginning): TruncationPoint | undefined {
    const point = this.#sent.get(said)
    this.#sent.delete(said)
    return point
  }

  #further(
    one: TruncationPoint | undefined,
    other: TruncationPoint | undefined,
  ): TruncationPoint | undefined {
    if (one === undefined || other === undefined) return one ?? other
    return other.timeTick >= one.timeTick ? movedTo(other, one, this.#ids) : movedTo(one, other, this.#ids)
  }
}
