import type { Batch, OpenerBuilderImpls, ScannerImpls, StoredMessage, WALImpls, Writer } from '@wal/walimpls'
import { type NumberId, numberIdCodec } from '@wal/walimpls/helper'

const ids = numberIdCodec('no-op')

/**
 * A backend that stores only the last record, for which opens and fence checks ask. A case on this backend measures the adaptor
 * alone.
 */
export class NoOpLog implements WALImpls<NumberId> {
  readonly channel = 'bench'
  readonly place = 'nowhere'
  readonly limits = {
    maxRecordBytes: 1 << 26,
    maxBatchBytes: 1 << 24,
    maxBatchMessages: 1 << 16,
    maxInFlightBatches: 2,
  }
  readonly guarantees = {
    durability: 'none',
    fencing: 'none',
    retention: 'none',
    truncation: 'none',
    warnings: [],
  }
  #last: Batch | undefined
  #next = 1

  constructor(readonly writer: Writer) {}

  async append(batch: Batch): Promise<readonly NumberId[]> {
    const { count } = batch
    const first = this.#next
    this.#next += count
    const stored = new Array<NumberId>(count)
    for (let i = 0; i < count; i++) stored[i] = ids.of(first + i)
    this.#last = batch
    return stored
  }

  async last(): Promise<StoredMessage<NumberId> | undefined> {
    return this.#lastRecord()
  }

  read(): ScannerImpls<NumberId> {
    const last = this.#lastRecord()
    const batches = last === undefined ? [] : [[last]]
    return { ready: async () => {}, next: async () => batches.shift(), close: async () => {} }
  }

  #lastRecord(): StoredMessage<NumberId> | undefined {
    const last = this.#last?.messages.at(-1)
    return last && { ...last, id: ids.of(this.#next - 1) }
  }

  async truncate(): Promise<void> {}
  async close(): Promise<void> {}
}

export const noOpBuilder: OpenerBuilderImpls<unknown, NumberId> = {
  name: 'no-op',
  traits: { fencing: 'process', truncation: 'none', list: false, delete: false },
  messageIds: ids,
  options: {},
  build: async () => ({
    openReadOnly: async () => new NoOpLog({ term: 0, incarnation: 'x' }),
    open: async (_channel, writer) => new NoOpLog(writer),
    close: async () => {},
  }),
}
