import { conformanceTests } from '@wal/conformance'
import {
  BreakableConnections,
  copyMemoryLog,
  loseMemoryRecords,
  memoryBuilder,
  saveMemoryLog,
} from '@wal/core/testing'
import { test } from 'vitest'
import { openWal } from '../src/index.js'

/** The kit's parts that the memory backend leaves out: no other process sees its logs, and it has no secret option. */
const leftOut = ['processes', 'secrets']

const connections = new BreakableConnections()
conformanceTests({
  test,
  openWal,
  leftOut,
  builder: connections.over(memoryBuilder()),
  options: 'memory:conformance',
  disturb: () => connections.disturb(),
  crash: () => connections.crash(),
  saveState: (channel) => saveMemoryLog(channel, 'conformance'),
  copy: (channel) => {
    const name = `copy-of-${channel}`
    copyMemoryLog(channel, 'conformance', name)
    return { name }
  },
  loseRecords: (records) => loseMemoryRecords({ ...records, name: 'conformance' }),
})
conformanceTests({
  test,
  openWal,
  leftOut: [...leftOut, 'disturbed', 'crashed', 'lost-end', 'restored-copy', 'holes'],
  name: 'memory, one batch at a time, forgetting idle writers',
  builder: memoryBuilder(),
  options: { name: 'conformance-1', maxInFlightBatches: 1, maxRecordBytes: 1024 * 1024, maxIdleMs: 60_000 },
})
