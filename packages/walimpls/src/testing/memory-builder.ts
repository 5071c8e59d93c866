import type { MemoryOptions, OpenerBuilderImpls } from '../builder.js'
import type { FilledOptions, OptionTable } from '../option-table.js'
import { type MemoryId, memoryIds } from './memory-id.js'
import { MemoryOpener } from './memory-opener.js'
import { memoryStore } from './memory-store.js'

const options = {
  name: {
    type: 'text',
    from: 'path',
    default: 'default',
    description:
      'Name of the store in this process that holds the log. Logs of one name in two stores are two logs.',
  },
  maxRecordBytes: {
    type: 'integer',
    unit: 'bytes',
    default: 16 * 1024 * 1024,
    min: 1024,
    description: 'Size of the largest record. Make it small to see messages refused.',
  },
  maxInFlightBatches: {
    type: 'integer',
    default: 4,
    min: 1,
    max: 32,
    description: 'How many batches may be in flight at once.',
  },
  maxIdleMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 0,
    min: 0,
    description:
      'A writer that stores nothing for this long is forgotten, as a broker forgets an idle producer. 0: never.',
  },
} as const satisfies OptionTable

/** The in-memory backend, for tests. It keeps the whole contract of a backend, except that records do not outlive the process. */
export function memoryBuilder(): OpenerBuilderImpls<FilledOptions<MemoryOptions, typeof options>, MemoryId> {
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
      return new MemoryOpener({ name, store: memoryStore(name), limits, runtime })
    },
  }
}
