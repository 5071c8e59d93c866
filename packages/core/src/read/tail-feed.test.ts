import assert from 'node:assert/strict'
import { memoryBuilder, simulatedRuntime } from '@wal/core/testing'
import type { MessageId, MessageIdCodec } from '@wal/walimpls'
import { test } from 'vitest'
import { silentLogger } from '../api/logger.js'
import type { ReadContext } from './read-context.js'
import { TailFeed } from './tail-feed.js'

test('a reader joins a feed only where both have read the same record last', async () => {
  const ids = memoryBuilder().messageIds as MessageIdCodec
  const writer = { term: 3, incarnation: 'a' }
  const place = { id: ids.parse('5') as MessageId, writer, timeTick: 50n }
  // A fake context without a log: these tests read nothing from a backend.
  const context = { ids, runtime: simulatedRuntime({ seed: 1 }), where: 'a log', logger: silentLogger }
  const feed = new TailFeed(context as unknown as ReadContext, place, { capacityBytes: 1000, maxAgeMs: 1000 })
  const holds = (last: typeof place) => feed.holds({ last, timeTick: last.timeTick })
  assert.equal(holds(place), true)
  // The log lost its end and went on: another writer's record has the reader's time tick, or the reader's record has a later
  // one.
  assert.equal(holds({ ...place, writer: { term: 3, incarnation: 'b' } }), false)
  assert.equal(holds({ ...place, timeTick: 51n }), false)
  assert.equal(feed.holds({ last: undefined, timeTick: 50n }), false)
  await feed.close()
  assert.equal(holds(place), false)
})
