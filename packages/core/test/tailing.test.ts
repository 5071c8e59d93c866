import assert from 'node:assert/strict'
import { systemRuntime } from '@wal/walimpls'
import { test } from 'vitest'
import type { Message } from '../src/index.js'
import { cleanLogs, collect, faulty, isPending, message, open, openReader, texts, within } from './harness.js'

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

test('a reader at the end of the log and one in catch-up get the same properties, those of the library as well', async () => {
  const wal = await open()
  const tailing = wal.read()
  let reading = tailing.next()
  await within(tailing.caughtUp())
  const found: Message[] = []
  const take = async (): Promise<void> => {
    found.push((await within(reading)).value as Message)
    reading = tailing.next()
  }
  for (let i = 0; i < 4; i++) {
    // Its id is named by the messages behind it.
    await wal.barrier()
    const properties = new Map([['i', String(i)]])
    await wal.appendBatch([message('a', { vchannel: `v${i}`, type: 1000 + i, properties }), message('b')])
    for (let n = 0; n < 2; n++) await take()
  }
  const { timeTick } = await wal.append(message('with a barrier'), {
    barrierTimeTick: found[0]?.timeTick ?? 0n,
  })
  await take()
  const reader = await openReader({ runtime: { ...systemRuntime } })
  const stored = (await within(collect(reader.read({ until: 'end' })))) as Message[]
  assert.deepEqual(found.map(shown), stored.map(shown))
  assert.ok(new Set(stored.map(({ reserved }) => reserved.get('_pt'))).size >= 4)
  assert.equal(stored.at(-1)?.timeTick, timeTick)
  assert.ok(stored.at(-1)?.reserved.has('_btt'))
  await tailing.close()
})

function shown({ reserved, properties, type, vchannel, timeTick, messageId, position }: Message) {
  const lists = { reserved: [...reserved], properties: [...properties] }
  return { ...lists, type, vchannel, timeTick, messageId, position }
}
