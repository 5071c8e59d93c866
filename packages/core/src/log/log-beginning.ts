import type { MessageIdCodec } from '@wal/walimpls'
import { movedTo, type TruncationPoint } from './truncation-point.js'

/** The beginning that one time tick says, from the moment in which it is sent. */
export interface SaidBeginning {
  /** What the time tick has to say if it is sent now. */
  now(): TruncationPoint | undefined
  /** It is sent, with what `now` answers. */
  sent(): void
  stored(): void
  /** It will not be told to be stored. `maybeStored`: it may have been, or may yet be. */
  failed(maybeStored: boolean): void
}

/**
 * Where the log begins, as its writer's time ticks say. The last time tick in the log has the say, so each must say at
 * least what an earlier one says that may be stored. A truncation's point is first said by the truncation's own time tick,
 * when that one is sent: a truncation that is given up before left no trace. With two under way, of which the first is
 * given up, the second one's time tick says the second point alone.
 */
export class LogBeginning {
  readonly #ids: MessageIdCodec
  #held: TruncationPoint | undefined
  #kept: TruncationPoint | undefined
  /** What time ticks say that are on their way. */
  readonly #sent = new Map<SaidBeginning, TruncationPoint>()

  constructor(point: TruncationPoint | undefined, ids: MessageIdCodec) {
    this.#held = point
    this.#kept = point
    this.#ids = ids
  }

  /** The furthest point that a time tick names which is certainly stored. */
  get held(): TruncationPoint | undefined {
    return this.#held
  }

  /** The furthest point that can't be taken back: the log may name it, or storage may be freed up to it. */
  get kept(): TruncationPoint | undefined {
    return this.#kept
  }

  /** Never to be taken back from now on: every time tick that is sent says it. */
  keep(point: TruncationPoint): void {
    this.#kept = this.#further(this.#kept, point)
  }

  /** Whether the log may come to begin at this point, or behind it, whatever becomes of the truncation that asked for it. */
  mayBegin(point: TruncationPoint): boolean {
    return (this.#said?.timeTick ?? -1n) >= point.timeTick
  }

  /** For a time tick; `point` when it is a truncation's own. */
  say(point?: TruncationPoint): SaidBeginning {
    const said: SaidBeginning = {
      now: () => this.#further(this.#said, point),
      sent: () => {
        const now = said.now()
        if (now !== undefined) this.#sent.set(said, now)
      },
      stored: () => {
        const stored = this.#removeSent(said)
        this.#held = this.#further(this.#held, stored)
        this.#kept = this.#further(this.#kept, stored)
      },
      failed: (maybeStored) => {
        const sent = this.#removeSent(said)
        if (maybeStored) this.#kept = this.#further(this.#kept, sent)
      },
    }
    return said
  }

  get #said(): TruncationPoint | undefined {
    let said = this.#kept
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
