import type { MessageIdCodec } from '@wal/walimpls'
import { movedTo, type TruncationPoint } from './truncation-point.js'

/** What one time tick says of the log's beginning. */
export interface SaidBeginning {
  /** The point that the time tick has to name if it is sent now. */
  now(): TruncationPoint | undefined
  /** The time tick is sent now, and names the point that `now` answers. */
  sent(): void
  /** The time tick is stored. */
  stored(): void
  /** Nobody will learn any more whether the time tick is stored. `maybeStored`: it may be, now or later. */
  failed(maybeStored: boolean): void
}

/**
 * Where the log begins, as its writer's time ticks name it. A reader believes the last time tick in the log. So a time tick
 * must name a point at least as far on as every earlier time tick that may be stored. A truncation's point is first named by
 * the truncation's own time tick, when that one is sent: a truncation that was given up before leaves no trace.
 *
 * Example: the log begins at 10, and truncations to 20 and to 30 are under way. The first one's tick is sent and may be
 * stored: a tick that is sent now has to name 20, and the second truncation's own names 30. Had the first been given up
 * before its tick was sent, ordinary ticks would go on naming 10.
 */
export class LogBeginning {
  readonly #ids: MessageIdCodec
  #stored: TruncationPoint | undefined
  #irrevocable: TruncationPoint | undefined
  /** The points that time ticks name which are sent and not answered. */
  readonly #sent = new Map<SaidBeginning, TruncationPoint>()

  constructor(point: TruncationPoint | undefined, ids: MessageIdCodec) {
    this.#stored = point
    this.#irrevocable = point
    this.#ids = ids
  }

  /** The furthest point that a time tick names which is certainly stored. */
  get stored(): TruncationPoint | undefined {
    return this.#stored
  }

  /** The furthest point that can't be taken back: the log may name it, or storage may be freed up to it. */
  get irrevocable(): TruncationPoint | undefined {
    return this.#irrevocable
  }

  /** From now on every time tick that is sent names this point, or one further on. */
  makeIrrevocable(point: TruncationPoint): void {
    this.#irrevocable = this.#further(this.#irrevocable, point)
  }

  /** Whether a stored time tick may name this point, or one further on, even if the truncation that asked for it fails. */
  mayBeginAt(point: TruncationPoint): boolean {
    return (this.#said?.timeTick ?? -1n) >= point.timeTick
  }

  /** For one time tick that is to be sent. `point`: the truncation's, when the time tick is a truncation's own. */
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
