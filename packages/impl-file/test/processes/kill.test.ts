import assert from 'node:assert/strict'
import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openWal } from '@wal/core'
import '@wal/impl-file'
import { systemRuntime } from '@wal/walimpls'
import { afterEach, beforeEach, test } from 'vitest'
import { Child } from '../child-process.js'

const KILLS = Number(process.env.WAL_TEST_KILLS ?? 8)
const script = new URL('./writer.ts', import.meta.url)
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wal-kill-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** The index and id of every acknowledgement that the process printed before it died. */
const acksOf = (child: Child): [index: number, id: string][] =>
  child.lines
    .filter((line) => line.startsWith('ack '))
    .map((line) => [Number(line.split(' ')[1]), line.split(' ')[2] as string])

test(`after a writer is killed at any moment, ${KILLS} times in a row, the log opens and every acked record is there once, at its id`, async () => {
  const acked = new Map<number, string>()
  let midStream = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const writer = new Child(script, [folder, 'flights'])
    const [, term, next] = (await writer.line('open ')).split(' ')
    assert.equal(Number(term), kill)
    // Every acknowledged record lies below the place where the new writer goes on.
    assert.ok(Number(next) > Math.max(-1, ...acked.keys()), `goes on at ${next}`)
    await writer.line('ack ')
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 120))
    await writer.kill()
    for (const [index, id] of acksOf(writer)) acked.set(index, id)
    midStream += writer.exitCode === null ? 1 : 0
  }
  assert.equal(midStream, KILLS, 'every kill hit a running writer')
  assert.ok(acked.size > KILLS * 10, `${acked.size} records were acked`)

  const wal = await openWal(`file:${folder}`, { channel: 'flights', accessMode: 'ro' })
  let expected = 0
  for await (const message of wal.read({ until: 'end' })) {
    const index = Number(message.properties.get('index'))
    assert.equal(index, expected++)
    assert.equal(message.payload.length, index % 97 === 0 ? 60_000 : index % 400)
    const id = acked.get(index)
    if (id !== undefined) assert.equal(message.messageId, id)
    acked.delete(index)
  }
  assert.equal(acked.size, 0, 'acked records are missing')
  await wal.close()
}, 600_000)

test('a torn end is cut and reported, and the acked records before it are there', async () => {
  const first = await openWal(`file:${folder}`, { channel: 'torn' })
  await first.append({ payload: Buffer.from('kept') })
  const { position } = await first.append({ payload: Buffer.alloc(10_000, 7) })
  assert.ok(position)
  // The log is not closed, as when the process died. Its last frame loses the second half, as in a power cut before the sync.
  const channel = join(folder, 'torn')
  const segment = (await readdir(channel))
    .filter((name) => name.endsWith('.seg'))
    .sort()
    .at(-1) as string
  const file = await open(join(channel, segment), 'r+')
  await file.truncate((await stat(join(channel, segment))).size - 5_000)
  await file.close()

  // Open the log as another process would.
  const second = await openWal(`file:${folder}`, { channel: 'torn', runtime: { ...systemRuntime } })
  assert.match(second.guarantees.warnings.join(' '), new RegExp(`${segment}.*torn|torn.*${segment}`, 's'))
  const payloads: string[] = []
  for await (const message of second.read({ until: 'end' }))
    payloads.push(Buffer.from(message.payload).toString())
  assert.deepEqual(payloads, ['kept'])
  await second.close()
  await first.close()
})
