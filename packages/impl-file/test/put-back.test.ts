import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openWal, type WAL } from '@wal/core'
import { systemRuntime } from '@wal/walimpls'
import { afterEach, beforeEach, test } from 'vitest'
import { fileBuilder } from '../src/builder.js'

let path = ''
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'wal-put-back-'))
})
afterEach(() => rmSync(path, { recursive: true }))

const bytes = (text: string) => ({ payload: new TextEncoder().encode(text) })

/** Each opener has a runtime of its own, as in a separate process. */
const open = () =>
  openWal('file:', { channel: 'log', builder: fileBuilder, backend: { path }, runtime: { ...systemRuntime } })

async function texts(wal: Pick<WAL, 'read'>): Promise<string[]> {
  const all: string[] = []
  for await (const { payload } of wal.read({ until: 'end' })) all.push(new TextDecoder().decode(payload))
  return all
}

/** The file that the writer writes to. */
function segment(): string {
  const names = readdirSync(join(path, 'log')).filter((name) => name.endsWith('.seg'))
  return join(path, 'log', names.sort().at(-1) as string)
}

test('a writer whose file was cut is told that its log lost its end, and leaves no hole in the file', async () => {
  await using wal = await open()
  await wal.append(bytes('a'))
  const { size } = statSync(segment())
  for (const each of ['b', 'c', 'd']) await wal.append(bytes(each))
  truncateSync(segment(), size)
  await assert.rejects(wal.append(bytes('e')), { code: 'WAL_LOG_ROLLED_BACK' })
  assert.equal((wal.signal.reason as { code: string }).code, 'WAL_LOG_ROLLED_BACK')
  await using next = await open()
  await next.append(bytes('x'))
  assert.deepEqual(await texts(next), ['a', 'x'])
})

test('a writer whose folder was copied away and back without a loss goes on', async () => {
  await using wal = await open()
  for (const each of ['a', 'b']) await wal.append(bytes(each))
  const folder = join(path, 'log')
  renameSync(folder, join(path, 'moved'))
  cpSync(join(path, 'moved'), folder, { recursive: true })
  rmSync(join(path, 'moved'), { recursive: true })
  await wal.append(bytes('c'))
  assert.equal(wal.signal.aborted, false)
  await using next = await open()
  assert.deepEqual(await texts(next), ['a', 'b', 'c'])
})

test('a reader whose files were replaced by equal ones reads on', async () => {
  await using wal = await open()
  const tail = wal.read()
  await using reader = await openWal('file:', {
    channel: 'log',
    builder: fileBuilder,
    backend: { path },
    accessMode: 'ro',
  })
  const tails = [tail, reader.read()]
  await wal.append(bytes('a'))
  for (const each of tails) assert.equal((await each.next()).done, false)
  const saved = join(path, 'saved')
  cpSync(join(path, 'log'), saved, { recursive: true })
  for (const name of readdirSync(join(path, 'log'))) rmSync(join(path, 'log', name))
  cpSync(saved, join(path, 'log'), { recursive: true })
  await wal.append(bytes('b'))
  for (const each of tails) {
    const { value } = await each.next()
    assert.equal(new TextDecoder().decode(value?.payload), 'b')
    await each.close()
  }
})

test('a reader whose file was replaced rejects, also when the next writer has the epoch of the one before', async () => {
  const first = await open()
  await first.append(bytes('a'))
  await first.close()
  const folder = join(path, 'log')
  const saved = join(path, 'saved')
  cpSync(folder, saved, { recursive: true })
  const second = await open()
  await using reader = await openWal('file:', {
    channel: 'log',
    builder: fileBuilder,
    backend: { path },
    accessMode: 'ro',
  })
  const tail = reader.read({ signal: AbortSignal.timeout(10_000) })
  const live = (async () => {
    const seen: string[] = []
    while (seen.length < 3) seen.push(new TextDecoder().decode((await tail.next()).value?.payload))
    return seen
  })()
  await tail.caughtUp()
  for (const each of ['b', 'c']) await second.append(bytes(each))
  assert.deepEqual(await live, ['a', 'b', 'c'])
  await second.close()
  for (const name of readdirSync(folder)) rmSync(join(folder, name))
  cpSync(saved, folder, { recursive: true })
  const next = tail.next()
  next.catch(() => {})
  await using third = await open()
  for (const each of ['x', 'y', 'z']) await third.append(bytes(each))
  await assert.rejects(next, { code: 'WAL_LOG_ROLLED_BACK' })
})

test('a reader in the middle of a large file that another one replaced is told there, not only at the end of the old one', async () => {
  const RECORDS = 8000
  const first = await open()
  await first.append(bytes('a'))
  await first.close()
  const folder = join(path, 'log')
  const saved = join(path, 'saved')
  cpSync(folder, saved, { recursive: true })
  const second = await open()
  const large = Array.from({ length: RECORDS }, () => ({ payload: new Uint8Array(1000) }))
  await second.appendBatch(large)
  await second.close()
  await using reader = await openWal('file:', {
    channel: 'log',
    builder: fileBuilder,
    backend: { path },
    accessMode: 'ro',
  })
  const scanner = reader.read()
  for (let i = 0; i < 3; i++) await scanner.next()
  for (const name of readdirSync(folder)) rmSync(join(folder, name))
  cpSync(saved, folder, { recursive: true })
  // Its file has the name of the one that the reader reads, and is as long.
  await using third = await open()
  await third.appendBatch(large)
  let given = 0
  await assert.rejects(
    async () => {
      for await (const _ of scanner) given++
    },
    { code: 'WAL_LOG_ROLLED_BACK' },
  )
  assert.ok(given < RECORDS / 2, `${given} records of the old file were given`)
})
