import { memoryBuilder } from '@wal/core/testing'
import { conformanceTests } from '@wal/walimpls/conformance'
import { test } from 'vitest'
import { openWal } from '../src/index.js'

/** Its logs are its process's alone, and its options hold no secret. */
const leftOut = ['processes', 'secrets']

conformanceTests({ test, openWal, leftOut, builder: memoryBuilder(), options: 'memory:conformance' })
conformanceTests({
  test,
  openWal,
  leftOut,
  name: 'memory, one batch at a time',
  builder: memoryBuilder(),
  options: { name: 'conformance-1', maxInFlightBatches: 1, maxRecordBytes: 1024 * 1024 },
})
