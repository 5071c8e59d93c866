import { MESSAGE_TYPE, messageTypeOf, outcomeOf, WalError } from '@wal/walimpls'
import { onAbort } from '@wal/walimpls/helper'
import type { InterceptedAppend, Interceptor } from '../api/interceptor.js'
import type { AppendResult, NewMessage } from '../api/wal.js'

/** Whether the type of the message is registered as `exclusive`. False for a value that is no message. */
export function isExclusive(message: NewMessage | undefined): boolean {
  const type = message?.type
  return typeof type === 'number' && type !== MESSAGE_TYPE.Record && messageTypeOf(type).exclusive === true
}

/** An append that waits for the lock, or has it. */
interface Turn {
  readonly vchannel: string
  readonly exclusive: boolean
  /** Called when the wait is over; set only while it waits. */
  start: (() => void) | undefined
}

/**
 * A message of an exclusive type has its vchannel to itself, and without a vchannel the whole pchannel. It starts when every
 * earlier append there has its outcome, and later ones start when it has its own. Example: the appends 1 and 2 for `a` are on
 * their way, then an exclusive 3 for `a` comes, then 4 for `a` and 5 for `b`. 3 waits for 1 and 2, 4 waits for 3, 5 waits for
 * none. A message without a vchannel belongs to every vchannel, so it waits for an exclusive append of any. Each append waits
 * for earlier ones only, so none waits forever.
 */
export class AppendLock implements Interceptor {
  readonly name = 'lock'
  readonly #settledSoFar: (signal?: AbortSignal) => Promise<void>
  /** In order of arrival. */
  readonly #turns = new Set<Turn>()
  readonly #shared = new Scopes()
  readonly #exclusive = new Scopes()
  #waiting = 0

  /** `settledSoFar` resolves when all messages submitted by now have their outcome; without a signal it never rejects. */
  constructor(settledSoFar: (signal?: AbortSignal) => Promise<void>) {
    this.#settledSoFar = settledSoFar
  }

  /** Whether an exclusive append waits for the lock or has it. If not, an ordinary append need not ask for it. */
  get busy(): boolean {
    return !this.#exclusive.empty
  }

  async append(
    { message, signal }: InterceptedAppend,
    next: (message: NewMessage) => Promise<AppendResult>,
  ): Promise<AppendResult> {
    const turn = await this.#beginTurn(message, signal)
    try {
      // Appends that skipped the lock, or have released it, may still be in the pipeline.
      if (turn.exclusive) await this.#settledSoFar(signal)
      const result = await next(message)
      this.#endTurn(turn)
      return result
    } catch (error) {
      // The caller waits no longer, but the message may yet be stored: until then the lock is kept.
      if (turn.exclusive && WalError.isInstance(error) && outcomeOf(error) === 'unknown')
        void this.#settledSoFar().then(() => this.#endTurn(turn))
      else this.#endTurn(turn)
      throw error
    }
  }

  async #beginTurn(message: NewMessage, signal: AbortSignal): Promise<Turn> {
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
        this.#endTurn(turn)
        reject(reason)
      })
    })
    return turn
  }

  #endTurn(turn: Turn): void {
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

/** Counts appends by vchannel. The empty vchannel overlaps with every other. */
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
