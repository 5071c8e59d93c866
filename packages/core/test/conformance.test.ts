import { memoryBuilder } from '@wal/core/testing'
import { conformanceTests } from '@wal/walimpls/conformance'
import { test } from 'vitest'
import { openWal } from '../src/index.js'

conformanceTests({ test, openWal, builder: memoryBuilder(), options: 'memory:conformance' })
conformanceTests({
  test,
  openWal,
  name: 'memory, one batch at a time',
  builder: memoryBuilder(),
  options: { name: 'conformance-1', maxInFlightBatches: 1, maxRecordBytes: 1024 * 1024 },
})
