import type { MessageId } from '@wal/walimpls'

/** The place of a record: its entry, and its index in the entry's batch. An entry of a single message has the index 0. */
export interface PulsarId extends MessageId {
  readonly backend: 'pulsar'
  readonly ledger: number
  readonly entry: number
  readonly index: number
}
