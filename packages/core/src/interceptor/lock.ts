import { MESSAGE_TYPE, messageTypeOf, outcomeOf, WalError } from '@wal/walimpls'
import { onAbort } from '@wal/walimpls/helper'
import type { InterceptedAppend, Interceptor } from '../api/interceptor.js'
import type { AppendResult, NewMessage } from '../api/wal.js'

/** Whether the message's type is registered as `exclusive`. Anything that is no message is not. */
export function isExclusive(message: NewMessage | undefined): boolean {
  const type = message?.type
  return typeof type === 'number' && type !== MESSAGE_TYPE.Record && messageTypeOf(type).exclusive === true
}

/** An append that waits here, or is inside. */
interface Turn {
  readonly vchannel: string
  readonly exclusive: boolean
  /** Set while it waits. */
  start: (() => void) | undefined
}

/**
 * A message of an exclusive type has its vchannel (without one: the whole pchannel) to itself: it starts when every
 * earlier append there has its outcome, and later ones start when it has its own. A message without a vchannel belongs to
 * all of them, so it stays out of an exclusive section of any. First come, first served: each waits for earlier ones
 * only, so nobody starves and no circle can form.
 */
export class AppendLock implements Interceptor {
  readonly name = 'lock'
  readonly #settledSoFar: (signal?: AbortSignal) => Promise<void>
  /** In order of arrival. */
  readonly #turns = new Set<Turn>()
  readonly #shared = new Scopes()
  readonly #exclusive = new Scopes()
  #waiting = 0

  /** `settledSoFar` resolves when all that the pipeline has taken by now has its outcome; without a signal it never rejects. */
  constructor(settledSoFar: (signal?: AbortSignal) => Promise<void>) {
    this.#settledSoFar = settledSoFar
  }

  /** Whether an exclusive append waits or is inside. If not, an ordinary one may go past the lock. */
  get busy(): boolean {
    return !this.#exclusive.empty
  }

  async append(
    { message, signal }: InterceptedAppend,
    next: (message: NewMessage) => Promise<AppendResult>,
  ): Promise<AppendResult> {
    const turn = await this.#enter(message, signal)
    try {
      // Those that went past the lock, or have left it, are in the pipeline.
      if (turn.exclusive) await this.#settledSoFar(signal)
      const result = await next(message)
      this.#leave(turn)
      return result
    } catch (error) {
      // Its caller waits no longer, but it may yet be stored.
      if (turn.exclusive && WalError.isInstance(error) && outcomeOf(error) === 'unknown')
        void this.#settledSoFar().then(() => this.#leave(turn))
      else this.#leave(turn)
      throw error
    }
  }

  async #enter(message: NewMessage, signal: AbortSignal): Promise<Turn> {
    const { vchannel = '' } = message
    const turn: Turn = { vchannel, exclusive: isExclusive(message), start: undefined }
    const blocked = isBlocked(turn, this.#shared, this.#exclusive)
    this.#turns.add(turn)
    this.#scopeOf(turn).add(vchannel)
    if (!blocked) return turn
    this.#waiting++
    await new Promise<void>((resolve, reject) => {
      let stop = (): void => {}
      turn.start = () => {
        stop()
        resolve()
      }
      stop = onAbort(signal, (reason) => {
        this.#leave(turn)
        reject(reason)
      })
    })
    return turn
  }

  #leave(turn: Turn): void {
    if (!this.#turns.delete(turn)) return
    if (turn.start !== undefined) this.#waiting--
    this.#scopeOf(turn).remove(turn.vchannel)
    if (this.#waiting > 0) this.#startUnblocked()
  }

  #startUnblocked(): void {
    const shared = new Scopes()
    const exclusive = new Scopes()
    for (const turn of this.#turns) {
      const { start } = turn
      if (start !== undefined && !isBlocked(turn, shared, exclusive)) {
        turn.start = undefined
        this.#waiting--
        start()
      }
      if (turn.exclusive && turn.vchannel === '') return
      const scopes = turn.exclusive ? exclusive : shared
      scopes.add(turn.vchannel)
    }
  }

  #scopeOf(turn: Turn): Scopes {
    return turn.exclusive ? this.#exclusive : this.#shared
  }
}

/** Whether one of the earlier turns keeps this one out. */
function isBlocked({ vchannel, exclusive }: Turn, shared: Scopes, exclusives: Scopes): boolean {
  return exclusives.overlap(vchannel) || (exclusive && shared.overlap(vchannel))
}

/** Vchannels, counted. The empty one is all of them. */
class Scopes {
  readonly #counts = new Map<string, number>()

  get empty(): boolean {
    return this.#counts.size === 0
  }

  add(vchannel: string): void {
    this.#counts.set(vchannel, (this.#counts.get(vchannel) ?? 0) + 1)
  }

  remove(vchannel: string): void {
    const count = (this.#counts.get(vchannel) ?? 0) - 1
    if (count > 0) this.#counts.set(vchannel, count)
    else this.#counts.delete(vchannel)
  }

  overlap(vchannel: string): boolean {
    return vchannel === '' ? !this.empty : this.#counts.has(vchannel) || this.#counts.has('')
  }
}
