import assert from 'node:assert/strict'
import { test } from 'vitest'
import { cleanLogs, faulty, isPending, message, open, texts, within } from './harness.js'

cleanLogs()

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i))

test('a tailing reader gets a message when it is acknowledged, never before', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  await wal.append(message('0'))
  const scanner = wal.read()
  await scanner.next()
  const reading = scanner.next()
  await within(scanner.caughtUp())
  backend.plan = { script: { append: () => backend.hang() } }
  const appending = wal.append(message('1'))
  assert.equal(await isPending(reading), true)
  assert.equal(await isPending(appending), true)
  backend.letGo()
  await appending
  assert.equal((await within(reading)).value?.position, (await appending).position)
  await scanner.close()
})

test('tailing goes on with the next message, wherever in a batch the catch-up ended', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  // These messages are one batch and one run in the buffer: their time ticks follow one another without a gap.
  await wal.appendBatch(numbers(0, 30).map((each) => message(each.padStart(40))))
  const { position } = await wal.append(message('30'))
  for (let cut = 1; cut <= 20; cut++) {
    backend.plan = { readBytes: () => cut * 150 }
    const delivered = await within(texts(wal.read({ until: position })))
    assert.deepEqual(
      delivered.map((each) => each.trim()),
      numbers(0, 31),
    )
  }
})

test('two tailing readers get a payload of their own for the same message', async () => {
  const wal = await open()
  const scanners = [wal.read(), wal.read()]
  const reading = scanners.map((scanner) => scanner.next())
  await within(Promise.all(scanners.map((scanner) => scanner.caughtUp())))
  await wal.append(message('mine'))
  const [one, other] = await within(Promise.all(reading))
  one?.value?.payload.fill(0)
  assert.equal(Buffer.from(other?.value?.payload ?? []).toString(), 'mine')
  await wal.close()
})
