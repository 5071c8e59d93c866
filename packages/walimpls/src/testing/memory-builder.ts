import type { BackendOptions, OpenerBuilderImpls } from '../builder.js'
import type { OptionTable } from '../option-table.js'
import { type MemoryId, memoryIds } from './memory-id.js'
import { MemoryOpener } from './memory-opener.js'
import { memoryStore } from './memory-store.js'

export type MemoryOptions = BackendOptions['memory']

const options = {
  name: { type: 'text', description: 'which of the process’ stores', default: 'default', from: 'path' },
  maxRecordBytes: {
    type: 'integer',
    description: 'largest record; make it small to see messages refused',
    default: 16 * 1024 * 1024,
    min: 1024,
  },
  maxInFlightBatches: {
    type: 'integer',
    description: 'batches appended at once',
    default: 4,
    min: 1,
    max: 32,
  },
  maxIdleMs: {
    type: 'integer',
    description: 'forgets a writer that stores nothing for so long, as a broker does; 0: never',
    default: 0,
    min: 0,
  },
} as const satisfies OptionTable

/** The in-memory backend, for tests: the whole contract, no durability. */
export function memoryBuilder(): OpenerBuilderImpls<Required<MemoryOptions>, MemoryId> {
  return {
    name: 'memory',
    traits: { fencing: 'process', truncation: 'record', list: true, delete: true },
    messageIds: memoryIds,
    options,
    async build({ name, maxRecordBytes, maxInFlightBatches, maxIdleMs }, runtime, waits) {
      waits?.signal?.throwIfAborted()
      const limits = {
        maxRecordBytes,
        maxBatchBytes: Math.max(maxRecordBytes, 16 * 1024 * 1024),
        maxBatchMessages: 10_000,
        maxInFlightBatches,
        ...(maxIdleMs > 0 ? { maxIdleMs } : {}),
      }
      return new MemoryOpener(name, memoryStore(name), limits, runtime)
    },
  }
}
