import assert from 'node:assert/strict'
import { type PartName, runConformance } from '@wal/conformance'
import { memoryBuilder } from '@wal/core/testing'
import { systemRuntime } from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import { test } from 'vitest'
import { openWal } from '../../src/index.js'
import { brokenBuilder } from '../broken-backends/broken-builder.js'

const PARTS: PartName[] = ['append', 'terms', 'read', 'fencing', 'channels', 'truncate', 'close']

test('H186: the kit deletes the channels of its tests, also of those that fail, when the backend can delete', async () => {
  const whole = memoryBuilder()
  const broken = brokenBuilder({
    writer: (wal) => ({ append: async (batch) => (await wal.append(batch)).slice(1) }),
  })
  for (const [name, builder] of Object.entries({ whole, broken })) {
    await runConformance({ openWal, builder, options: { name }, patienceMs: 3000 }, PARTS)
    const opener = await whole.build(readOptions(whole.options, { name }, 'memory'), systemRuntime)
    assert.deepEqual(await opener.list?.(), [], name)
    await opener.close()
  }
})
