import { invalidArgument } from '../errors/invalid-argument.js'
import type { MessageId, MessageIdCodec } from '../message/message-id.js'

/** A message id that is one whole number, such as a record number, an offset or a row id. From −2^53 + 1 to 2^53 − 1. */
export interface NumberId extends MessageId {
  readonly value: number
}

export interface NumberIdCodec extends MessageIdCodec<NumberId> {
  of(value: number): NumberId
  /** The number of an id. Throws `WAL_INVALID_ARGUMENT` for an id of another backend. */
  numberOf(id: NumberId): number
}

/**
 * The codec of ids for a backend that numbers its records. The text form is the signed number in base 36, as Milvus writes
 * Kafka's offsets.
 */
export function numberIdCodec(backend: string): NumberIdCodec {
  const numberOf = (id: NumberId): number => {
    if (id?.backend !== backend)
      throw invalidArgument(
        `A message id of another backend than "${backend}" can't be compared: ids of two backends have no order`,
        id?.backend,
      )
    return id.value
  }
  return {
    of: (value) => new PlainNumberId(backend, value),
    numberOf,
    compare: (a, b) => numberOf(a) - numberOf(b),
    serialise: (id) => numberOf(id).toString(36),
    parse(text) {
      const value = /^-?[0-9a-z]{1,11}$/.test(text) ? Number.parseInt(text, 36) : Number.NaN
      if (!Number.isSafeInteger(value) || value.toString(36) !== text)
        throw invalidArgument(`A message id of "${backend}" must be an integer in base 36`, text)
      return new PlainNumberId(backend, value)
    },
    follows: (id, before) => numberOf(id) === numberOf(before) + 1,
    pack(ids) {
      const { value: first } = ids[0] as NumberId
      for (let i = 1; i < ids.length; i++) if (ids[i]?.value !== first + i) return ids
      return { at: (index) => new PlainNumberId(backend, first + index) }
    },
  }
}

class PlainNumberId implements NumberId {
  constructor(
    readonly backend: string,
    readonly value: number,
  ) {}

  toString(): string {
    return String(this.value)
  }

  toJSON(): string {
    return String(this.value)
  }
}
