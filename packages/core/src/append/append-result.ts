import type { MessageId, TimeTick, Writer } from '@wal/walimpls'
import { formatPosition, type Position } from '../position/position.js'
import type { ReadContext } from '../read/read-context.js'
import type { AppendResult } from '../wal.js'

/** What all results of one writer share. */
export interface ResultContext extends Pick<ReadContext, 'backend' | 'ids'> {
  readonly logIdentity: string
  readonly writer: Writer
}

/** The result of an append; its texts are made when asked for. */
export class StoredResult implements AppendResult {
  readonly #context: ResultContext
  readonly #id: MessageId
  readonly #lastConfirmed: string
  readonly timeTick: TimeTick
  readonly vchannel: string
  declare readonly extra?: unknown

  /** `lastConfirmed` is empty for the message's own id. */
  constructor(
    context: ResultContext,
    id: MessageId,
    lastConfirmed: string,
    timeTick: TimeTick,
    vchannel: string,
  ) {
    this.#context = context
    this.#id = id
    this.#lastConfirmed = lastConfirmed
    this.timeTick = timeTick
    this.vchannel = vchannel
  }

  get messageId(): string {
    return this.#context.ids.serialise(this.#id)
  }

  get position(): Position {
    const { backend, logIdentity, writer } = this.#context
    const lastConfirmed = this.#lastConfirmed === '' ? this.messageId : this.#lastConfirmed
    return formatPosition({ backend, logIdentity, lastConfirmed, writer, timeTick: this.timeTick })
  }

  /** For `console.log`. */
  [Symbol.for('nodejs.util.inspect.custom')](): object {
    const { position, timeTick, messageId, vchannel } = this
    return { position, timeTick, messageId, vchannel }
  }

  toJSON(): ReturnType<AppendResult['toJSON']> {
    const { position, timeTick, messageId, vchannel } = this
    return { position, timeTick: String(timeTick), messageId, vchannel }
  }
}
