import assert from 'node:assert/strict'
import { cp, mkdtemp, rename, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openWal } from '@wal/core'
import { onTestFinished, test } from 'vitest'
import '../src/index.js'

const text = (value: string) => ({ payload: new TextEncoder().encode(value) })

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'wal-copies-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

test('H101: a copy of a folder is another log, and opening the copy does not end the writer of the original', async () => {
  const original = await folder()
  const copy = await folder()
  const wal = await openWal(`file:${original}`, { channel: 'orders' })
  onTestFinished(() => wal.close())
  await wal.append(text('one'))
  await cp(original, copy, { recursive: true })
  const other = await openWal(`file:${copy}`, { channel: 'orders' })
  onTestFinished(() => other.close())
  assert.equal(wal.signal.aborted, false)
  await wal.append(text('to the original'))
  await other.append(text('to the copy'))
  for (const [log, last] of [
    [wal, 'to the original'],
    [other, 'to the copy'],
  ] as const) {
    const seen: string[] = []
    for await (const { payload } of log.read({ until: 'end' })) seen.push(new TextDecoder().decode(payload))
    assert.deepEqual(seen, ['one', last])
  }
})

test('a folder that is reached by two paths is one log, so the second open closes the first', async () => {
  const path = await folder()
  const moved = `${path}-moved`
  await symlink(path, moved)
  onTestFinished(() => rm(moved))
  const wal = await openWal(`file:${path}`, { channel: 'orders' })
  const again = await openWal(`file:${moved}`, { channel: 'orders' })
  onTestFinished(() => again.close())
  assert.equal(wal.signal.aborted, true)
  assert.equal(wal.signal.reason.code, 'WAL_CLOSED')
})

test('a folder that was moved is the same log', async () => {
  const path = await folder()
  const wal = await openWal(`file:${join(path, 'before')}`, { channel: 'orders' })
  await rename(join(path, 'before'), join(path, 'after'))
  const again = await openWal(`file:${join(path, 'after')}`, { channel: 'orders' })
  onTestFinished(() => again.close())
  assert.equal(wal.signal.aborted, true)
})
