import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openWal } from '@wal/core'
import '@wal/impl-file'
import { afterEach, beforeEach, test } from 'vitest'
import { Child } from '../child-process.js'

const ROUNDS = Number(process.env.WAL_TEST_TAKEOVERS ?? 3)
const script = new URL('./fenced-writer.ts', import.meta.url)
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wal-takeover-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('the older of two writer processes is fenced at its next append and by wal.signal, and a third process reads the messages of both', async () => {
  const older = new Child(script, [folder, 'shared', 'older'])
  const olderTerm = Number((await older.line('open ')).split(' ')[1])
  await older.line('ack ')
  const reader = await openWal(`file:${folder}`, { channel: 'shared', accessMode: 'ro' })
  const seen: string[] = []
  const scanner = reader.read()
  const reading = (async () => {
    for await (const message of scanner)
      seen.push(`${message.properties.get('from')} ${message.properties.get('n')}`)
  })()

  const newer = new Child(script, [folder, 'shared', 'newer'])
  assert.equal(Number((await newer.line('open ')).split(' ')[1]), olderTerm + 1)
  assert.match(await older.line('append rejected'), /^append rejected WAL_FENCED/)
  assert.equal(await older.line('signal'), 'signal WAL_FENCED')
  assert.equal(await older.ended(), 0)
  await newer.line('ack 20')
  await newer.kill()

  const acked = [older, newer].flatMap((child, i) =>
    child.lines
      .filter((line) => line.startsWith('ack '))
      .map((line) => `${i === 0 ? 'older' : 'newer'} ${line.split(' ')[1]}`),
  )
  while (!acked.every((one) => seen.includes(one))) await new Promise((resolve) => setTimeout(resolve, 20))
  await scanner.close()
  await reading
  assert.equal(new Set(seen).size, seen.length, 'something was delivered twice')
  const change = seen.findIndex((one) => one.startsWith('newer'))
  assert.ok(
    seen.slice(change).every((one) => one.startsWith('newer')),
    'something of the older writer came later',
  )
  await reader.close()
})

test(`an older writer that was stopped during a takeover has nothing acked after it, ${ROUNDS} rounds`, async () => {
  let fencedWithWork = 0
  for (let round = 0; round < ROUNDS; round++) {
    const channel = `round${round}`
    const older = new Child(script, [folder, channel, 'older'])
    await older.line('ack 10')
    older.signal('SIGSTOP')
    const newer = new Child(script, [folder, channel, 'newer'])
    await newer.line('ack 10')
    older.signal('SIGCONT')
    assert.match(await older.line('append rejected'), /WAL_FENCED/)
    assert.equal(await older.ended(), 0)
    await newer.kill()
    const wal = await openWal(`file:${folder}`, { channel, accessMode: 'ro' })
    const seen: string[] = []
    for await (const message of wal.read({ until: 'end' }))
      seen.push(`${message.properties.get('from')} ${message.properties.get('n')}`)
    await wal.close()
    for (const [who, child] of [
      ['older', older],
      ['newer', newer],
    ] as const)
      for (const line of child.lines.filter((one) => one.startsWith('ack ')))
        assert.equal(seen.filter((one) => one === `${who} ${line.split(' ')[1]}`).length, 1, `${who} ${line}`)
    if (older.lines.some((line) => line.startsWith('append rejected'))) fencedWithWork++
  }
  assert.equal(fencedWithWork, ROUNDS)
}, 300_000)
