import { invalidArgument, type MessageId, type MessageIdCodec } from '@wal/walimpls'

const BACKEND = 'redis-streams'
const TEXT = /^(0|[1-9][0-9]{0,15})-(0|[1-9][0-9]{0,15})$/

/**
 * The id of a stream entry. `milliseconds` is the same for all ids of a writer: above the clock and above all earlier ids.
 * `ordinal` is the ordinal of the record among all of this writer. So writer and `sequence` alone determine an id.
 */
export interface RedisStreamsId extends MessageId {
  readonly milliseconds: number
  readonly ordinal: number
}

export interface RedisStreamsIdCodec extends MessageIdCodec<RedisStreamsId> {
  of(milliseconds: number, ordinal: number): RedisStreamsId
  /** Parses like `parse`, for a text from the server; undefined when it is no id that this package gives out. */
  read(text: string): RedisStreamsId | undefined
}

/** The codec of ids in the form that Redis uses: `1764000000000-42`. */
export const messageIds: RedisStreamsIdCodec = {
  of: (milliseconds, ordinal) => new EntryId(milliseconds, ordinal),
  read(text) {
    const match = TEXT.exec(text)
    const milliseconds = Number(match?.[1])
    const ordinal = Number(match?.[2])
    return Number.isSafeInteger(milliseconds) && Number.isSafeInteger(ordinal)
      ? new EntryId(milliseconds, ordinal)
      : undefined
  },
  compare(a, b) {
    const one = mine(a)
    const other = mine(b)
    return one.milliseconds - other.milliseconds || one.ordinal - other.ordinal
  },
  serialise: (id) => idText(mine(id)),
  parse(text) {
    const id = messageIds.read(text)
    if (id === undefined)
      throw invalidArgument(
        `A message id of "${BACKEND}" must be milliseconds and an ordinal, as 1764000000000-42`,
        text,
      )
    return id
  },
  follows: (id, before) =>
    mine(id).milliseconds === mine(before).milliseconds && id.ordinal === before.ordinal + 1,
  pack(ids) {
    const { milliseconds, ordinal } = ids[0] as RedisStreamsId
    for (let i = 1; i < ids.length; i++) {
      const id = ids[i] as RedisStreamsId
      if (id.milliseconds !== milliseconds || id.ordinal !== ordinal + i) return ids
    }
    return { at: (index) => new EntryId(milliseconds, ordinal + index) }
  },
}

export function idText({ milliseconds, ordinal }: RedisStreamsId): string {
  return `${milliseconds}-${ordinal}`
}

function mine(id: RedisStreamsId): RedisStreamsId {
  if (id?.backend !== BACKEND)
    throw invalidArgument(
      `A message id of another backend than "${BACKEND}" can't be compared: ids of two backends have no order`,
      id?.backend,
    )
  return id
}

/** One object for each message, so the backend's name is on the prototype and not in every object. */
class EntryId implements RedisStreamsId {
  constructor(
    readonly milliseconds: number,
    readonly ordinal: number,
  ) {}

  get backend(): string {
    return BACKEND
  }

  toString(): string {
    return idText(this)
  }

  toJSON(): string {
    return idText(this)
  }
}
