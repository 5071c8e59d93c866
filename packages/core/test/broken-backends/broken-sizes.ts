import { AppendError } from '@wal/walimpls'
import { packedBytes } from '@wal/walimpls/helper'
import type { BrokenBackend } from './broken-backend.js'
import { brokenBuilder } from './broken-builder.js'

const MIB = 1 << 20

/** Backends whose declared limits are larger than what they store. */
export const brokenSizes: BrokenBackend[] = [
  {
    name: 'declares as its largest batch what the server takes, encoding and all',
    part: 'size',
    builder: brokenBuilder({
      log: (log) => ({ limits: { ...log.limits, maxBatchBytes: MIB } }),
      writer: (wal) => ({
        async append(batch) {
          let encoded = 0
          for (const { payload, properties } of batch.messages)
            encoded += payload.length + packedBytes(properties)
          if (batch.messages.length > 1 && encoded > MIB)
            throw new AppendError('WAL_MESSAGE_TOO_LARGE', 'too large', { outcome: 'not-written' })
          return wal.append(batch)
        },
      }),
    }),
  },
  {
    name: 'judges a record that comes alone by the limit of batches',
    part: 'size',
    builder: brokenBuilder({
      log: (log) => ({ limits: { ...log.limits, maxBatchBytes: MIB } }),
      writer: (wal) => ({
        async append(batch) {
          if (batch.bytes > MIB)
            throw new AppendError('WAL_MESSAGE_TOO_LARGE', 'too large', { outcome: 'not-written' })
          return wal.append(batch)
        },
      }),
    }),
  },
  {
    name: 'has a record that the server never takes sent again and again',
    part: 'size',
    builder: brokenBuilder({
      writer: (wal) => ({
        async append(batch) {
          if (batch.messages.some(({ properties }) => properties.length > 100_000))
            throw new AppendError('WAL_UNAVAILABLE', 'the server closed the connection', {
              outcome: 'unknown',
            })
          return wal.append(batch)
        },
      }),
    }),
  },
]
