import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startRedis } from '@wal/brokers'
import { test } from 'vitest'
import { runExample } from './run-example.js'

const program = fileURLToPath(new URL('../../examples/guides/redis.mjs', import.meta.url))

test('redis prints what it appended, on a server at another port', async () => {
  const text = await readFile(program, 'utf8')
  assert.match(text, /127\.0\.0\.1:6379/)
  await using redis = await startRedis()
  const folder = await mkdtemp(join(tmpdir(), 'wal-guides-'))
  try {
    const copy = join(folder, 'redis.mjs')
    await writeFile(copy, text.replace('127.0.0.1:6379', `${redis.host}:${redis.port}`))
    assert.equal(await runExample(copy, folder), 'one coffee created\n')
  } finally {
    await rm(folder, { recursive: true })
  }
})
