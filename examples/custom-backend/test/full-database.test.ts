import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openWal } from '@wal/core'
import { onTestFinished, test, vi } from 'vitest'
import { sqliteBuilder } from '../src/index.js'

/** Limits the size of a database. SQLite then gives the same error as on a full disk. */
vi.mock('libsql', async (original) => {
  const Sqlite = ((await original()) as { readonly default: typeof import('libsql') }).default
  const Small = new Proxy(Sqlite, {
    construct(target, given: ConstructorParameters<typeof Sqlite>) {
      const database = new target(...given)
      database.exec('PRAGMA max_page_count = 60')
      return database
    },
  })
  return { default: Small }
})

test('a database without room says so, and is freed by truncate', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'wal-full-sqlite-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const options = { channel: 'orders', builder: sqliteBuilder, backend: { directory }, timeTickMs: 60_000 }
  const wal = await openWal('sqlite:', options)
  onTestFinished(() => wal.close())
  const payload = new Uint8Array(8 * 1024)
  const positions: string[] = []
  let cause: unknown
  for (;;) {
    const result = await wal.append({ payload }, { timeoutMs: 500 }).catch((error: Error) => {
      cause = error.cause
    })
    if (result === undefined) break
    positions.push(result.position)
  }
  const { code, outcome } = cause as { code?: string; outcome?: string }
  assert.deepEqual([code, outcome], ['WAL_STORAGE_FULL', 'not-written'])
  await wal.truncate(positions[Math.floor(positions.length / 2)] as string)
  await wal.append({ payload })
})
