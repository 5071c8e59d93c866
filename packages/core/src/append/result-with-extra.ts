import type { TimeTick } from '@wal/walimpls'
import type { Position } from '../api/position.js'
import type { AppendResult } from '../api/wal.js'

/**
 * A result to which an interceptor added something. `vchannel` and `extra` are its own properties, as those of every result:
 * a further interceptor that spreads it keeps them. The result behind it is left as it is, since others may hold it.
 */
export class ResultWithExtra implements AppendResult {
  readonly #result: AppendResult
  readonly vchannel: string
  readonly extra: unknown

  constructor(result: AppendResult, extra: unknown) {
    this.#result = result
    this.vchannel = result.vchannel
    this.extra = extra
  }

  get position(): Position {
    return this.#result.position
  }

  get timeTick(): TimeTick {
    return this.#result.timeTick
  }

  get messageId(): string {
    return this.#result.messageId
  }

  /** For `console.log`. */
  [Symbol.for('nodejs.util.inspect.custom')](): object {
    const { position, timeTick, messageId, vchannel, extra } = this
    return { position, timeTick, messageId, vchannel, extra }
  }

  toJSON(): ReturnType<AppendResult['toJSON']> {
    return this.#result.toJSON()
  }
}
