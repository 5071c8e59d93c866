import assert from 'node:assert/strict'
import { test } from 'vitest'
import { cleanLogs, faulty, message, open, openReader, texts } from '../harness.js'
import { loseAllBut, storedRecords } from '../stored-log.js'

cleanLogs()

/** A reader, and how many pages a scanner of it takes that looks for the log's end and reads all messages. */
async function reading() {
  const backend = faulty()
  let pages = 0
  const next = () => {
    pages++
    return undefined
  }
  backend.plan = { script: { next } }
  const reader = await openReader({ builder: backend.builder })
  return async (expected: readonly string[]) => {
    const before = pages
    assert.deepEqual(await texts(reader.read({}), expected.length), expected)
    return pages - before
  }
}

test('a reader looks for the end of a log again only when the log has another last record', async () => {
  const wal = await open({ timeTickMs: 60_000 })
  const results = await wal.appendBatch(['a', 'b', 'c'].map((text) => message(text)))
  const pagesOf = await reading()
  assert.ok((await pagesOf(['a', 'b', 'c'])) > 1)
  assert.equal(await pagesOf(['a', 'b', 'c']), 1)
  await wal.append(message('d'))
  assert.ok((await pagesOf(['a', 'b', 'c', 'd'])) > 1)
  assert.equal(await pagesOf(['a', 'b', 'c', 'd']), 1)
  await wal.truncate(results[1]?.position as string)
  assert.ok((await pagesOf(['c', 'd'])) > 1)
})

test('a reader looks again when another record has the id of the last one', async () => {
  const wal = await open({ timeTickMs: 60_000 })
  for (const text of ['a', 'b']) await wal.append(message(text))
  const before = storedRecords().length
  const pagesOf = await reading()
  assert.ok((await pagesOf(['a', 'b'])) > 1)
  loseAllBut(before - 1)
  // The writer stores this record before it notices the loss.
  await wal.append(message('c'))
  assert.equal(storedRecords().length, before)
  assert.ok((await pagesOf(['a', 'c'])) > 1)
})
