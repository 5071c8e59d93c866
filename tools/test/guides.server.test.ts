import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startKafka, startPulsar, startRedis } from '@wal/brokers'
import { test } from 'vitest'
import { runExample } from './run-example.js'

test.each([
  ['redis', '127.0.0.1:6379', () => startRedis()],
  ['kafka', '127.0.0.1:9092', () => startKafka()],
  ['pulsar', '127.0.0.1:6650', () => startPulsar()],
] as const)('%s prints what it appended, on a server at another port', async (name, address, start) => {
  const program = new URL(`../../examples/guides/${name}.mjs`, import.meta.url)
  const text = await readFile(program, 'utf8')
  assert.ok(text.includes(address))
  await using server = await start()
  const folder = await mkdtemp(join(tmpdir(), 'wal-guides-'))
  try {
    const copy = join(folder, `${name}.mjs`)
    await writeFile(copy, text.replace(address, `${server.host}:${server.port}`))
    assert.equal(await runExample(copy, folder), 'one coffee created\n')
  } finally {
    await rm(folder, { recursive: true })
  }
})
