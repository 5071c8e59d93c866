import type { StoredMessage } from '@wal/walimpls'
import type { PulsarId } from './message-id.js'

/** Where an entry lies: a driver's `EntryPlace`, which this folder does not import since drivers import it. */
export interface Place {
  readonly ledger: number
  readonly entry: number
}

/** An entry as `EntryDecoder` gives it out, in the form of a driver's `ReceivedEntry`. */
export interface DecodedEntry {
  readonly place: Place
  /** How many messages the entry says it has; 1 when its metadata cannot be read. */
  readonly count: number
  /** The size of what stands behind the check sum, in bytes; of a compressed entry as it is when decompressed, if that is more. */
  readonly bytes: number
  /** Name and number under which the entry was sent; undefined when the metadata cannot be read. */
  readonly producer: string | undefined
  readonly sequence: number | undefined
  /** Decodes the messages. Throws `WAL_CORRUPT` naming the place, or `WAL_SPEC_UNSUPPORTED` for what is not supported. */
  records(): readonly StoredMessage<PulsarId>[]
}
