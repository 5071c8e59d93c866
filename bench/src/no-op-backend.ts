import type { Batch, OpenerBuilderImpls, ScannerImpls, StoredMessage, WALImpls, Writer } from '@wal/walimpls'
import { type NumberId, numberIdCodec } from '@wal/walimpls/helper'

const ids = numberIdCodec('no-op')

/** Stores nothing but the last record, for which opens and fence checks ask. What a case measures on it is the adaptor. */
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
  #last: StoredMessage<NumberId> | undefined
  #next = 1

  constructor(readonly writer: Writer) {}

  async append(batch: Batch): Promise<readonly NumberId[]> {
    const { messages } = batch
    const first = this.#next
    this.#next += messages.length
    const stored = new Array<NumberId>(messages.length)
    for (let i = 0; i < messages.length; i++) stored[i] = ids.of(first + i)
    const { payload, properties } = messages[messages.length - 1] as Batch['messages'][number]
    this.#last = { payload, properties, id: ids.of(this.#next - 1) }
    return stored
  }

  async last(): Promise<StoredMessage<NumberId> | undefined> {
    return this.#last
  }

  read(): ScannerImpls<NumberId> {
    const batches = this.#last === undefined ? [] : [[this.#last]]
    return { ready: async () => {}, next: async () => batches.shift(), close: async () => {} }
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
