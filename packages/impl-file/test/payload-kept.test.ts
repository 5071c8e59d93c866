import assert from 'node:assert/strict'
import { type Message, openWal } from '@wal/core'
import { onTestFinished, test } from 'vitest'
import '../src/index.js'
import { temporaryFolder } from './on-disk.js'

const MIB = 1 << 20

/** A log of 64 MiB in payloads of 1 KiB, and a reader of it. */
async function readerOf64Mebibytes() {
  const url = `file:${temporaryFolder()}`
  const wal = await openWal(url, { channel: 'log' })
  const payload = new Uint8Array(1024)
  for (let i = 0; i < 64; i++)
    await wal.appendBatch(
      Array.from({ length: 1000 }, (_, n) => ({ payload, properties: new Map([['n', `${n}`]]) })),
    )
  await wal.close()
  const reader = await openWal(url, { channel: 'log', accessMode: 'ro' })
  onTestFinished(() => reader.close())
  return reader
}

/** The bytes outside the heap that are in use. Collected memory is given back only while the event loop turns. */
async function heldBytes(): Promise<number> {
  const { gc } = globalThis as { gc?: () => void }
  assert.ok(gc, 'vitest.config.ts exposes it')
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    gc()
  }
  return process.memoryUsage().arrayBuffers
}

test('H164: a payload that is kept does not keep the chunk that it was read in', async () => {
  const reader = await readerOf64Mebibytes()
  const before = await heldBytes()
  const kept: Uint8Array[] = []
  let read = 0
  for await (const message of reader.read({ until: 'end' }))
    if (read++ % 1000 === 0) kept.push(message.payload)
  const held = ((await heldBytes()) - before) / MIB
  assert.equal(kept.length, 64)
  assert.ok(held < 2, `${held} MiB are held for 64 KiB`)
})

test('a message that is kept, and whose payload was read, does not keep the chunk that it was read in', async () => {
  const reader = await readerOf64Mebibytes()
  const before = await heldBytes()
  const kept: Message[] = []
  let bytes = 0
  for await (const message of reader.read({ until: 'end' })) {
    bytes += message.payload.length
    if (bytes % (1000 * 1024) === 0) kept.push(message)
  }
  const held = ((await heldBytes()) - before) / MIB
  assert.equal(kept.length, 64)
  assert.ok(held < 2, `${held} MiB are held for 64 messages`)
  assert.equal(kept[0]?.properties.get('n'), '999')
  assert.equal(kept[0]?.payload.length, 1024)
})
