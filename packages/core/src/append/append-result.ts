import type { MessageId, TimeTick, Writer } from '@wal/walimpls'
import type { Position } from '../api/position.js'
import type { AppendResult } from '../api/wal.js'
import { formatPosition } from '../log/position.js'
import type { ReadContext } from '../read/read-context.js'

/** What all results of one writer share. */
export interface ResultContext extends Pick<ReadContext, 'backend' | 'ids'> {
  readonly logIdentity: string
  readonly writer: Writer
}

/** What the results of one batch share. */
export interface StoredBatch {
  readonly context: ResultContext
  /** Serialised id from which a reader finds all of the batch. Empty when that is the own id of each message. */
  readonly lastConfirmed: string
  /** Time tick of the first message. The others' follow without a gap: 20, 21, 22 for a batch of three. */
  readonly firstTimeTick: TimeTick
}

/** The result of an append. Position, id and time tick are made when they are asked for: most callers never ask. */
export class StoredResult implements AppendResult {
  readonly #batch: StoredBatch
  readonly #index: number
  readonly #id: MessageId
  readonly vchannel: string
  declare readonly extra?: unknown

  /** `message` is read here and not kept: `index` is its place in the batch. */
  constructor(
    batch: StoredBatch,
    id: MessageId,
    message: { readonly index: number; readonly vchannel: string },
  ) {
    this.#batch = batch
    this.#index = message.index
    this.#id = id
    this.vchannel = message.vchannel
  }

  get timeTick(): TimeTick {
    return this.#batch.firstTimeTick + BigInt(this.#index)
  }

  get messageId(): string {
    return this.#batch.context.ids.serialise(this.#id)
  }

  get position(): Position {
    const { context, lastConfirmed } = this.#batch
    const { backend, logIdentity, writer } = context
    return formatPosition({
      backend,
      logIdentity,
      lastConfirmed: lastConfirmed === '' ? this.messageId : lastConfirmed,
      writer,
      timeTick: this.timeTick,
    })
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
