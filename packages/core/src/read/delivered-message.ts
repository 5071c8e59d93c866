import { reservedPropertyMap, type TimeTick, userPropertyMap } from '@wal/walimpls'
import type { Position } from '../api/position.js'
import type { Message } from '../api/scanner.js'
import { isForeign, type LogRecord, startFrom } from '../log/log-record.js'
import { formatPosition } from '../log/position.js'
import { copyOf, ownBytes } from '../message/own-bytes.js'
import type { ReadContext } from './read-context.js'

export type Naming = Pick<ReadContext, 'backend' | 'ids'>

/** What positions of one log have in common. */
export interface LogNaming extends Naming {
  readonly logIdentity: string
}

export function positionOf(record: LogRecord, logIdentity: string, { backend, ids }: Naming): Position {
  return formatPosition({
    backend,
    logIdentity,
    lastConfirmed: startFrom(record, ids),
    writer: { term: record.startTerm ?? record.term, incarnation: record.incarnation },
    timeTick: record.timeTick,
    ...(isForeign(record) ? { ownId: ids.serialise(record.id) } : {}),
  })
}

const NO_BYTES = new Uint8Array(0)

/** The place of an element in the log. It keeps no payload in memory, and makes the text of the position when asked for it. */
export class ReadPlace {
  readonly #record: LogRecord
  readonly #logIdentity: string
  readonly #naming: Naming

  constructor(record: LogRecord, logIdentity: string, naming: Naming) {
    this.#record = withPayload(record, NO_BYTES)
    this.#logIdentity = logIdentity
    this.#naming = naming
  }

  get position(): Position {
    return positionOf(this.#record, this.#logIdentity, this.#naming)
  }
}

/** A copy of the record with another payload. The fields are copied one by one, since a spread takes several times as long. */
function withPayload(record: LogRecord, payload: Uint8Array): LogRecord {
  const {
    id,
    properties,
    timeTick,
    term,
    incarnation,
    type,
    opening,
    vchannel,
    lastConfirmed,
    previousTick,
  } = record
  const own = {
    id,
    payload,
    properties,
    timeTick,
    term,
    incarnation,
    type,
    opening,
    vchannel,
    lastConfirmed,
    previousTick,
  }
  return record.startTerm === undefined ? own : { ...own, startTerm: record.startTerm }
}

/**
 * The message that a user gets for a record. Position texts and property maps are made when asked for, since most readers never
 * ask.
 */
export class DeliveredMessage implements Message {
  readonly kind = 'message'
  #record: LogRecord
  /** Whether other readers are given the same record, out of the write-ahead buffer. */
  readonly #shared: boolean
  readonly #naming: LogNaming
  #payload: Uint8Array | undefined
  #properties: Map<string, string> | undefined
  #reserved: Map<string, string> | undefined
  #position: Position | undefined

  constructor(record: LogRecord, shared: boolean, naming: LogNaming) {
    this.#record = record
    this.#shared = shared
    this.#naming = naming
  }

  /** A copy that the user may change, and may keep without keeping the page that was read together with it. */
  get payload(): Uint8Array {
    if (this.#payload === undefined) {
      const { payload } = this.#record
      const own = this.#shared ? copyOf(payload) : ownBytes(payload)
      this.#payload = own
      // Without this, a user who keeps the message would keep the whole page that the record's payload is a part of.
      if (this.#shared) this.#record = withPayload(this.#record, own)
      else (this.#record as { payload: Uint8Array }).payload = own
    }
    return this.#payload
  }

  /** The length of the payload, found without the copy that `payload` makes. */
  get payloadBytes(): number {
    return this.#record.payload.length
  }

  get properties(): Map<string, string> {
    this.#properties ??= userPropertyMap(this.#record.properties)
    return this.#properties
  }

  get reserved(): ReadonlyMap<string, string> {
    this.#reserved ??= reservedPropertyMap(this.#record.properties)
    return this.#reserved
  }

  get vchannel(): string {
    return this.#record.vchannel
  }

  get type(): number {
    return this.#record.type
  }

  get timeTick(): TimeTick {
    return this.#record.timeTick
  }

  get term(): number {
    return this.#record.term
  }

  get messageId(): string {
    return this.#naming.ids.serialise(this.#record.id)
  }

  get position(): Position {
    this.#position ??= positionOf(this.#record, this.#naming.logIdentity, this.#naming)
    return this.#position
  }

  /** The place of this message, which can be kept without keeping the message. */
  get place(): { readonly position: Position } {
    return new ReadPlace(this.#record, this.#naming.logIdentity, this.#naming)
  }

  /** What `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): object {
    const { kind, vchannel, type, term, timeTick, messageId, properties, payload, position } = this
    return { kind, vchannel, type, term, timeTick, messageId, properties, payload, position }
  }

  toJSON(): object {
    return {
      kind: this.kind,
      position: this.position,
      messageId: this.messageId,
      timeTick: String(this.timeTick),
      term: this.term,
      vchannel: this.vchannel,
      type: this.type,
      properties: Object.fromEntries(this.properties),
      payload: Buffer.from(this.payload).toString('base64'),
    }
  }
}
