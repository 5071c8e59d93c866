import assert from 'node:assert/strict'
import { test } from 'vitest'
import { cleanLogs, message, open, openReader, texts, within } from './harness.js'

cleanLogs()

test('G1 un-awaited appends are stored and settle in call order, with rising ids and time ticks', async () => {
  const wal = await open({ budgetBytes: 32 << 20, batchBytes: 4096 })
  const settled: number[] = []
  const results = await Promise.all(
    Array.from({ length: 3000 }, (_, i) =>
      wal.append(message(String(i))).then((result) => {
        settled.push(i)
        return result
      }),
    ),
  )
  const calls = Array.from({ length: 3000 }, (_, i) => i)
  assert.deepEqual(settled, calls)
  for (let i = 1; i < results.length; i++) {
    const [before, after] = [results[i - 1], results[i]]
    assert.ok(before && after && after.timeTick > before.timeTick)
    assert.ok(Number.parseInt(after.messageId, 36) > Number.parseInt(before.messageId, 36))
  }
  assert.deepEqual(await texts(wal.read({ until: 'end' })), calls.map(String))
})

test('G1 calls of append, appendBatch and appendAll in one turn keep their order', async () => {
  const wal = await open()
  const all = [
    wal.append(message('1')),
    wal.appendBatch([message('2'), message('3')]),
    wal.append(message('4')),
    wal.appendBatch([message('5')]),
    wal.append(message('6')),
  ]
  await Promise.all(all)
  const loaded: unknown[] = []
  for await (const result of wal.appendAll(['7', '8', '9'].map((each) => message(each)))) loaded.push(result)
  assert.equal(loaded.length, 3)
  assert.deepEqual(await texts(wal.read({ until: 'end' })), [...'123456789'])
})

test('G1 an append after an ack gets a greater id, over several terms, on several channels at once', async () => {
  const channels = ['one', 'two', 'three']
  await Promise.all(
    channels.map(async (channel) => {
      let last = -1n
      const sent: string[] = []
      for (let term = 0; term < 3; term++) {
        const wal = await open({ channel })
        assert.equal(wal.channel.term, term)
        for (let i = 0; i < 20; i++) {
          const { timeTick } = await wal.append(message(`${term}.${i}`))
          assert.ok(timeTick > last)
          last = timeTick
          sent.push(`${term}.${i}`)
        }
      }
      const reader = await openReader({ channel })
      let before = -1n
      const seen: string[] = []
      for await (const each of reader.read({ until: 'end' })) {
        assert.ok(each.timeTick > before)
        before = each.timeTick
        seen.push(Buffer.from(each.payload).toString())
      }
      assert.deepEqual(seen, sent)
    }),
  )
})

test('a barrier lies above every message appended before, and readers that ask for time ticks see it', async () => {
  const wal = await open({ timeTickMs: 60_000 })
  const append = wal.append(message('a'))
  const barrier = await within(wal.barrier())
  const { timeTick } = await append
  assert.ok(barrier > timeTick)
  const kinds: string[] = []
  for await (const each of wal.read({ until: barrier, timeTicks: true })) kinds.push(each.kind)
  assert.deepEqual(kinds, ['timeTick', 'message', 'timeTick'])
  await assert.rejects(wal.barrier({ timeoutMs: -1 }), { code: 'WAL_INVALID_ARGUMENT' })
})
