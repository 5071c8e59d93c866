import type { Batch, DriverChoice, StoredMessage, Waits } from '@wal/walimpls'
import type { PulsarId } from '../records/message-id.js'

/**
 * Where an entry lies in a topic: a ledger and the entry's number in it, from 0. Ledger numbers rise over the life of a topic,
 * and are not consecutive. An entry is what one send of a producer stores: one message, or several in one batch.
 */
export interface EntryPlace {
  readonly ledger: number
  readonly entry: number
}

/** The last entry of a topic. */
export interface LastEntry extends EntryPlace {
  /** The index of its last message in its batch. Undefined when it is no batch, or the broker does not tell. */
  readonly index?: number | undefined
}

/**
 * One of the two ways to speak to a Pulsar cluster. Topics are named whole: `persistent://tenant/namespace/orders`. Every call
 * settles within `requestTimeoutMs` of the opener's options. Errors are a `PulsarError` when the broker refused, and a
 * `CallFailure` when no answer came; with the latter it is not known whether the broker has executed the request.
 */
export interface PulsarDriver {
  readonly choice: DriverChoice
  /** The largest message that the brokers take, in bytes, as the one said that was connected to last. */
  readonly maxMessageBytes: number
  /** The most bytes that one byte of a property, as `recordBytes` counts, takes in an encoded entry. Absent: 9. */
  readonly bytesForOne?: number
  /**
   * Whether the topic exists. Never makes one. Rejects with `WAL_INVALID_ARGUMENT` when it is partitioned, since the order of
   * several partitions is not known.
   */
  exists(topic: string, waits?: Waits): Promise<boolean>
  /** The whole names of the namespace's persistent topics that have no partitions. */
  list(namespace: string, waits?: Waits): Promise<readonly string[]>
  /** Opens the durable subscription that keeps the topic's records. `make`: whether topic and subscription may be made. */
  cursor(topic: string, options: CursorOptions): Promise<Cursor>
  /**
   * Encodes a batch that a producer of this name will send. Throws `WAL_MESSAGE_TOO_LARGE` when the encoded entry is larger than
   * `maxMessageBytes`: the broker would drop the connection.
   */
  prepare(batch: Batch, name: string): PreparedEntry
  /** Registers a producer. Making the topic is left to `cursor`. */
  producer(topic: string, options: ProducerOptions): Promise<EntryProducer>
  /** Subscribes a non-durable reader, which never makes the topic and leaves nothing there. It begins without permits. */
  reader(topic: string, options: ReaderOptions): Promise<EntryReader>
  /** Ends every connection. Calls in progress fail. Idempotent. */
  close(): Promise<void>
}

/**
 * How a producer asks for the topic:
 * - `fencing`: ends every other producer (`ExclusiveWithFencing`).
 * - `free`: only when the topic has no producer (`Exclusive`).
 * - `{ epoch }`: like `free`, and only when no producer was let in since this topic epoch.
 */
export type Access = 'fencing' | 'free' | { readonly epoch: number }

export interface ProducerOptions {
  readonly access: Access
  /**
   * The name under which every entry of this producer is stored. The broker knows all writers of a topic by one other name, so
   * that its own table keeps two from producing at once.
   */
  readonly name: string
  /** Called once when the producer has ended by other means than its `close`: the connection was lost, or the broker closed it. */
  ended(error: unknown): void
}

/**
 * A batch in the form in which the driver sends it, made before it is known under which number, and before its producer is
 * registered. Every producer of the same driver and name can send it.
 */
export interface PreparedEntry {
  /** How many messages the entry has. */
  readonly count: number
  /** The size of the whole message as the broker counts it against its largest one. */
  readonly bytes: number
}

export interface EntryProducer {
  /** The topic epoch that the broker gave this producer. Undefined when the driver cannot tell. */
  readonly epoch: number | undefined
  /** The highest sequence id that the broker remembers of this topic's writers; −1 when it remembers none. */
  readonly lastSequence: number
  /**
   * Sends an entry at once. Resolves with its place when the broker has stored it; undefined when the broker took it for a copy of
   * an entry that it has (broker deduplication). A send that fails does not stop those behind it: they may be stored.
   */
  send(entry: PreparedEntry, sequence: number): Promise<EntryPlace | undefined>
  /** Closes the producer and waits for the broker's answer, or for the end of the connection. Sends in flight fail. */
  close(): Promise<void>
}

export interface ReaderOptions {
  /**
   * The name of the subscription, of which the topic has one reader at a time: others are refused with the `PulsarError`
   * ConsumerBusy. Absent: a name of its own.
   */
  readonly subscription?: string
  /** Entries have to come whole, each with its name and number. A driver that has them only in parts reads by other means. */
  readonly whole?: true
  /** The first entry to be read: the oldest that is kept, the next that is stored, or this one (inclusive). */
  readonly start: 'earliest' | 'latest' | EntryPlace
  /** Called for each entry, or for each part of one, in order. Not called any more once `close` was called. */
  entry(entry: ReceivedEntry): void
  /**
   * Called once when the reader has ended by other means than `close`. A reader never goes on over another connection, nor after
   * the broker closed it.
   */
  ended(error: unknown): void
}

/** An entry, or a part of it: the native client hands messages out one by one. */
export interface ReceivedEntry {
  readonly place: EntryPlace
  /** How many messages this takes of the permits. */
  readonly count: number
  /** How much memory the entry takes, in bytes: its encoded size, or its size when decompressed if that is more. */
  readonly bytes: number
  /** Name and number under which the entry was sent; undefined when the driver does not show them. */
  readonly producer: string | undefined
  readonly sequence: number | undefined
  /** Set when this is a part of an entry, of which others may follow: the index of its last message in the entry's batch. */
  readonly part?: number
  /** Decodes the messages. Throws `WAL_CORRUPT` naming the place, or `WAL_SPEC_UNSUPPORTED` for what is not supported. */
  records(): readonly StoredMessage<PulsarId>[]
}

export interface EntryReader {
  /** Lets the broker send this many more messages. An entry comes whole: the last one may have more messages than permitted. */
  permit(messages: number): void
  /** The place of the topic's last entry, asked of the broker now; undefined when the topic keeps none. */
  last(waits?: Waits): Promise<LastEntry | undefined>
  /** Leaves nothing on the broker. Idempotent. */
  close(): Promise<void>
}

export interface CursorOptions {
  readonly make: boolean
}

/** The durable subscription that keeps records from being removed. */
export interface Cursor {
  /**
   * Whether it was there before this call; undefined when that is not known. Pulsar's protocol does not tell whether a
   * subscription is new: only a topic that is new, or something acknowledged, decides.
   */
  readonly found: boolean | undefined
  /**
   * The entry up to which everything is acknowledged, asked of the broker now: the cursor's mark-delete position. Its `entry` is
   * −1 when nothing of that ledger is acknowledged. Undefined when the broker does not tell.
   */
  acknowledged(waits?: Waits): Promise<EntryPlace | undefined>
  /** Acknowledges everything up to and with this entry. Never goes backwards. */
  advance(place: EntryPlace, waits?: Waits): Promise<void>
  /** Ends the consumer; the subscription stays. */
  close(): Promise<void>
}
