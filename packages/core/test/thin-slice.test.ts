import assert from 'node:assert/strict'
import { resetMemory } from '@wal/core/testing'
import { systemRuntime } from '@wal/walimpls'
import { afterEach, test } from 'vitest'
import { openWal } from '../src/index.js'

afterEach(() => resetMemory())

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (payload: Uint8Array) => new TextDecoder().decode(payload)

test('appended messages are read back in order, by catch-up and by tailing', async () => {
  const wal = await openWal('memory:', { channel: 'orders' })
  const tailing = wal.read()
  const results = await Promise.all(
    ['a', 'b', 'c'].map((letter) => wal.append({ vchannel: 'eu', payload: bytes(letter) })),
  )
  const seen: string[] = []
  for await (const message of tailing) {
    seen.push(text(message.payload))
    if (seen.length === 3) break
  }
  assert.deepEqual(seen, ['a', 'b', 'c'])
  const after = wal.read({ after: results[0]?.position ?? '', until: 'end' })
  const rest: string[] = []
  for await (const message of after) rest.push(text(message.payload))
  assert.deepEqual(rest, ['b', 'c'])
  await wal.close()
})

test('a newer writer of another process fences the older one', async () => {
  const older = await openWal('memory:', { channel: 'orders' })
  await older.append({ payload: bytes('1') })
  const newer = await openWal('memory:', { channel: 'orders', runtime: { ...systemRuntime } })
  await assert.rejects(older.append({ payload: bytes('2') }), { code: 'WAL_FENCED', outcome: 'not-written' })
  assert.equal(older.signal.aborted, true)
  await newer.append({ payload: bytes('3') })
  const seen: string[] = []
  for await (const message of newer.read({ until: 'end' })) seen.push(text(message.payload))
  assert.deepEqual(seen, ['1', '3'])
  await older.close()
  await newer.close()
})
