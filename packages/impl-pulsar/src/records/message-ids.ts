import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'
import { invalidArgument, type MessageIdCodec } from '@wal/walimpls'
import type { Place } from './decoded-entry.js'
import type { PulsarId } from './message-id.js'

export interface PulsarIdCodec extends MessageIdCodec<PulsarId> {
  of(place: Place, index: number): PulsarId
}

const BACKEND = 'pulsar'
/** The longest text has the numbers of all five fields in ten bytes each; this is more. */
const MAX_TEXT_LENGTH = 120

/** Fields of Pulsar's `MessageIdData`. */
const LEDGER = 1
const ENTRY = 2
const PARTITION = 3
const BATCH_INDEX = 4
const BATCH_SIZE = 6
const VARINT = 0

/**
 * Ids of records. The text is Pulsar's `MessageIdData` in base64, as Milvus writes it, with ledger, entry and batch index and no
 * other field: so a receipt and a reader give the same text for one record. The texts of other clients have a partition (−1 or
 * 0, since a topic of ours has no partitions), a batch size, or the batch index −1 for a message that is in no batch. `parse` takes
 * these too, and such an id keeps its text.
 */
export const messageIds: PulsarIdCodec = {
  of: (place, index) => new PlainPulsarId(place.ledger, place.entry, index),
  compare(a, b) {
    check(a)
    check(b)
    return a.ledger - b.ledger || a.entry - b.entry || a.index - b.index
  },
  serialise(id) {
    check(id)
    return (id as PlainPulsarId).text ?? textOf(id)
  },
  parse(text) {
    const bytes = text.length <= MAX_TEXT_LENGTH ? Buffer.from(text, 'base64') : NO_BYTES
    if (bytes.length === 0 || bytes.toString('base64') !== text) throw badText(text)
    const { ledger, entry, index } = fieldsOf(bytes, text)
    const id = new PlainPulsarId(ledger, entry, Math.max(index, 0))
    if (textOf(id) !== text) id.text = text
    return id
  },
  /**
   * Within an entry the next index follows. The first record of the next entry follows the last record of the entry before. No id
   * says whether it is its entry's last: `before` has to be, as the last id of a writer's batch is.
   */
  follows(id, before) {
    check(id)
    check(before)
    if (id.ledger !== before.ledger) return false
    if (id.entry === before.entry) return id.index === before.index + 1
    return id.entry === before.entry + 1 && id.index === 0
  },
  pack(ids) {
    const { ledger, entry, index: first } = ids[0] as PulsarId
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as PlainPulsarId
      if (id.ledger !== ledger || id.entry !== entry || id.index !== first + i || id.text !== undefined)
        return ids
    }
    const { length } = ids
    return {
      at: (at) => (at < length ? new PlainPulsarId(ledger, entry, first + at) : undefined),
    }
  },
}

const NO_BYTES = Buffer.alloc(0)

function check(id: PulsarId): void {
  if (id?.backend !== BACKEND)
    throw invalidArgument(
      'A message id of another backend than "pulsar" can\'t be compared: ids of two backends have no order',
      id?.backend,
    )
}

function badText(text: string): Error {
  return invalidArgument(
    'A message id of "pulsar" must be the base64 of a MessageIdData: ledger, entry, and perhaps batch index, batch size and the partition −1 or 0',
    text,
  )
}

function textOf({ ledger, entry, index }: PulsarId): string {
  const bytes = new BinaryWriter()
    .tag(LEDGER, VARINT)
    .uint64(ledger)
    .tag(ENTRY, VARINT)
    .uint64(entry)
    .tag(BATCH_INDEX, VARINT)
    .int32(index)
    .finish()
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

function fieldsOf(bytes: Buffer, text: string): { ledger: number; entry: number; index: number } {
  const fields = { ledger: -1, entry: -1, index: -1 }
  try {
    const reader = new BinaryReader(bytes)
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag()
      if (type !== VARINT) throw badText(text)
      if (field === LEDGER) fields.ledger = Number(reader.uint64())
      else if (field === ENTRY) fields.entry = Number(reader.uint64())
      else if (field === BATCH_INDEX) fields.index = reader.int32()
      else if (field === PARTITION) {
        const partition = reader.int32()
        if (partition !== -1 && partition !== 0) throw badText(text)
      } else if (field === BATCH_SIZE) reader.int32()
      else throw badText(text)
    }
  } catch {
    // The reader throws errors of its own for bytes that end too early.
    throw badText(text)
  }
  const { ledger, entry, index } = fields
  if (!isPlace(ledger) || !isPlace(entry) || index < -1) throw badText(text)
  return fields
}

function isPlace(value: number): boolean {
  return value >= 0 && Number.isSafeInteger(value)
}

class PlainPulsarId implements PulsarId {
  readonly backend = BACKEND
  /** The text that another client gave this id. */
  text: string | undefined = undefined

  constructor(
    readonly ledger: number,
    readonly entry: number,
    readonly index: number,
  ) {}

  toString(): string {
    return `${this.ledger}:${this.entry}:${this.index}`
  }

  toJSON(): string {
    return this.toString()
  }
}
