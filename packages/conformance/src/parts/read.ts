import assert from 'node:assert/strict'
import { batchOf, bytesOf, numbers, text, textsOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { deliveredTo, ENDED_BY_ITSELF, readAll, readCount, takeCount } from '../kit/reading.js'

/** G7: where reading starts, and that readers do not affect one another. */
export function readPart({ test }: PartContext): void {
  test('oldest gives every record, latest what is appended later, from that record and all behind it', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const ids = await append(text('a'), text('b'), text('c'))
    const latest = scene.scan(wal, 'latest')
    await latest.ready()
    await append(text('d'))
    assert.deepEqual(textsOf((await readAll(wal, 'oldest')).slice(1)), ['a', 'b', 'c', 'd'])
    assert.deepEqual(textsOf(await readCount(latest, 1)), ['d'])
    for (const [i, id] of ids.entries())
      assert.deepEqual(textsOf(await readAll(wal, { from: id })), ['a', 'b', 'c', 'd'].slice(i))
  })

  test('latest gives every record that is appended after ready(), and none from before', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const reader = await scene.reader()
    await append(...numbers(5).map((name) => text(`before ${name}`)))
    for (const log of [wal, reader]) {
      const latest = scene.scan(log, 'latest')
      await latest.ready()
      const names = numbers(3)
      for (const name of names) await append(text(name))
      assert.deepEqual(textsOf(await readCount(latest, 3)), names)
      await latest.close()
    }
  })

  test('a scanner of a log without records waits for the first one', async (scene) => {
    const opener = await scene.opener()
    const wal = await opener.open(scene.channel, { term: 0, incarnation: 'first' })
    const scanners = [scene.scan(wal, 'oldest'), scene.scan(wal, 'latest')]
    for (const scanner of scanners) assert.deepEqual(await scanner.next(), [])
    const nexts = scanners.map((scanner) => scanner.next())
    await wal.append(batchOf(0, [text('first')]))
    for (const next of nexts) assert.deepEqual(textsOf((await next) ?? []), ['first'])
  })

  test('next() gives about maxBytes at a time, and a larger record alone', async (scene) => {
    const { wal, append } = await scene.writer(1)
    await append(...numbers(20).map((name) => text(name.padEnd(100, '.'))))
    await append(text('X'.repeat(5000)))
    const scanner = scene.scan(wal, 'oldest', { maxBytes: 1000 })
    let large = 0
    for (let read = 0; read < 22; ) {
      const messages = (await scanner.next()) ?? assert.fail(ENDED_BY_ITSELF)
      read += messages.length
      const bytes = messages.reduce((sum, { payload }) => sum + payload.length, 0)
      if (bytes >= 5000) large++
      assert.ok(
        messages.length <= 1 || bytes <= 2000,
        `next() gave ${messages.length} records of ${bytes} bytes together, though maxBytes is 1000. It may give at most about that, or one record.`,
      )
    }
    assert.equal(large, 1)
  })

  test('many scanners, some in other openers, read every record while it is being written', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const reader = await scene.reader()
    const scanners = [wal, reader, wal, reader, reader].map((log) => scene.scan(log, 'oldest'))
    const expected = numbers(100)
    const reading = scanners.map((scanner) => readCount(scanner, 101))
    for (let i = 0; i < 100; i += 5) await append(...expected.slice(i, i + 5).map((name) => text(name)))
    for (const each of reading) assert.deepEqual(textsOf((await each).slice(1)), expected)
    // The close of one scanner must not take anything from the others.
    await scanners[0]?.close()
    await append(text('behind'))
    for (const scanner of scanners.slice(1))
      assert.deepEqual(textsOf(await readCount(scanner, 1)), ['behind'])
  })

  test('a slow scanner gets every record and delays no other scanner', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const slow = scene.scan(wal, 'oldest', { maxBytes: 10 })
    assert.equal((await readCount(slow, 1)).length, 1)
    const names = numbers(200)
    for (let i = 0; i < 200; i += 20) await append(...names.slice(i, i + 20).map((name) => text(name)))
    assert.deepEqual(textsOf((await readAll(wal)).slice(1)), names)
    assert.deepEqual(textsOf(await readCount(slow, 200)), names)
  })

  test('through the adaptor: a reader goes on while writers of higher terms follow one another', async (scene) => {
    await (await scene.open({ term: 1 })).close()
    const reader = await scene.openReader()
    const tail = reader.read()
    const reading = takeCount(tail, 9)
    for (const term of [2, 3, 4]) {
      const wal = await scene.open({ term })
      for (const name of ['a', 'b', 'c']) await wal.append({ payload: bytesOf(`${term}${name}`) })
    }
    const expected = ['2a', '2b', '2c', '3a', '3b', '3c', '4a', '4b', '4c']
    assert.deepEqual(textsOf(await reading), expected)
    assert.deepEqual(textsOf(await deliveredTo(reader)), expected)
  })

  test('through the adaptor: a reader of a vchannel gets its messages and those without a vchannel', async (scene) => {
    const wal = await scene.open()
    await wal.append({ payload: bytesOf('a1'), vchannel: 'a' })
    await wal.append({ payload: bytesOf('b1'), vchannel: 'b' })
    await wal.append({ payload: bytesOf('all') })
    assert.deepEqual(textsOf(await deliveredTo(wal, { vchannel: 'a' })), ['a1', 'all'])
    assert.deepEqual(textsOf(await deliveredTo(wal, { vchannel: 'b' })), ['b1', 'all'])
    assert.deepEqual(textsOf(await deliveredTo(wal)), ['a1', 'b1', 'all'])
  })
}
