import {
  type MessageId,
  PositionTruncatedError,
  type ReadOnlyWALImpls,
  type ScannerOptions,
  type StoredMessage,
  type WireMessage,
} from '@wal/walimpls'
import { type NumberId, numberIdCodec } from '@wal/walimpls/helper'

export const modelIds = numberIdCodec('model')

/** A log that stores every record it is given, as a backend that lost its fence. Core's code reads it as a read-only log. */
export class ModelLog {
  /** Every record that was ever stored, also truncated ones. */
  readonly records: StoredMessage[] = []
  #oldest = 0

  store(record: WireMessage): MessageId {
    const id = modelIds.of(this.records.length)
    this.records.push({ ...record, id })
    return id
  }

  /** Removes the records below this one, but never the last record. */
  truncate(before: number): void {
    this.#oldest = Math.max(this.#oldest, Math.min(before, this.records.length - 1))
  }

  /** Number of the oldest record that is kept. */
  get oldest(): number {
    return this.#oldest
  }

  get kept(): readonly StoredMessage[] {
    return this.records.slice(this.#oldest)
  }

  reader(): ReadOnlyWALImpls {
    const { kept } = this
    const oldest = this.#oldest
    return {
      channel: 'log',
      last: async () => kept.at(-1),
      read: ({ start }: ScannerOptions) => {
        if (start === 'latest') throw new Error('the end of a log is not looked at from there')
        const from = start === 'oldest' ? oldest : modelIds.numberOf(start.from as NumberId)
        let next = Math.max(from - oldest, 0)
        return {
          ready: async () => {},
          next: async () => {
            if (from < oldest) throw new PositionTruncatedError('truncated')
            // A few records at a time, so that a batch may end anywhere.
            const batch = kept.slice(next, next + 3)
            next += batch.length
            return batch
          },
          close: async () => {},
        }
      },
      close: async () => {},
    } as unknown as ReadOnlyWALImpls
  }
}
