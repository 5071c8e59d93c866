import assert from 'node:assert/strict'
import { test } from 'vitest'
import { cleanLogs, faulty, message, open, openReader, texts, within } from './harness.js'

cleanLogs()

test('a log opens and is read though every scanner breaks off after a few records', async () => {
  const names = Array.from({ length: 200 }, (_, i) => `${i}`)
  const wal = await open({ timeTickMs: 60_000 })
  await wal.appendBatch(names.map((name) => message(name)))

  const backend = faulty()
  backend.plan = {
    readBytes: () => 700,
    script: { next: ({ number }) => (number % 4 === 0 ? 'fail' : undefined) },
  }
  const reader = await openReader({ builder: backend.builder, openTimeoutMs: 5_000 })
  assert.deepEqual(await within(texts(reader.read({ until: 'end' })), 10_000), names)
  const next = await open({ builder: backend.builder, openTimeoutMs: 5_000 })
  await next.append(message('one more'))
  assert.ok(backend.countAt('next', 'fail') > 10, `${backend.countAt('next', 'fail')} failures`)
})
