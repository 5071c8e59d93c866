import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import {
  assertWaits,
  type ContractContext,
  readAll,
  readCount,
  readToEnd,
  rejectsWith,
  text,
  textsOf,
} from './contract-context.js'

export function readTests({ test, builder }: ContractContext): void {
  test('oldest, latest and from begin where they say', async (scene) => {
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

  test('three terms, one order', async (scene) => {
    const ids: unknown[] = []
    for (const term of [1, 2, 3]) {
      const { wal, append, opening, opener } = await scene.writer(term)
      ids.push(opening, ...(await append(text(`${term}a`), text(`${term}b`))))
      assert.equal(wal.writer.term, term)
      if (term !== 2) await opener.close()
    }
    const wal = await (await scene.opener()).openReadOnly(scene.channel)
    const stored = await readAll(wal)
    const expected = [1, 2, 3].flatMap((term) => [`opening of term ${term}`, `${term}a`, `${term}b`])
    assert.deepEqual(textsOf(stored), expected)
    const { compare } = builder.messageIds
    for (const [i, { id }] of stored.entries()) {
      assert.equal(compare(id, ids[i]), 0)
      if (i > 0) assert(compare(stored[i - 1]?.id, id) < 0)
    }
  })

  test('the end is said once each time it is met, then next waits and an append wakes it', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const scanner = scene.scan(wal, 'oldest')
    assert.equal((await readToEnd(scanner)).length, 1)
    for (const name of ['a', 'b']) {
      const next = scanner.next()
      await assertWaits(next)
      await append(text(name))
      assert.deepEqual(textsOf((await next) ?? []), [name])
      assert.deepEqual(await scanner.next(), [])
    }
    const next = scanner.next()
    await assertWaits(next)
    await scanner.close()
    assert.equal(await next, undefined)
    assert.equal(await scanner.next(), undefined)
  })

  test('abort wakes what waits with the reason, and leaves no listener', async (scene) => {
    const { wal } = await scene.writer(1)
    const controller = new AbortController()
    const scanners = Array.from({ length: 15 }, () =>
      scene.scan(wal, 'latest', { signal: controller.signal }),
    )
    await Promise.all(scanners.map((scanner) => scanner.ready()))
    const waiting = await Promise.all(
      scanners.map(async (scanner) => {
        assert.deepEqual(await scanner.next(), [])
        return { next: scanner.next() }
      }),
    )
    await assertWaits(Promise.race(waiting.map(({ next }) => next)))
    assert(getEventListeners(controller.signal, 'abort').length <= 1)
    const reason = new Error('enough')
    const rejections = waiting.map(({ next }) => assert.rejects(next, (error) => error === reason))
    controller.abort(reason)
    await Promise.all(rejections)
    for (const scanner of scanners) {
      await assert.rejects(scanner.next(), (error) => error === reason)
      await scanner.close()
    }
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
    const late = scene.scan(wal, 'oldest', { signal: controller.signal })
    await assert.rejects(late.next(), (error) => error === reason)
    await assert.rejects(late.ready(), (error) => error === reason)
    await late.close()
  })

  test('a log without records: last is undefined, readers wait for the first', async (scene) => {
    const opener = await scene.opener()
    const wal = await opener.open(scene.channel, { term: 0, incarnation: 'first' })
    assert.equal(await wal.last(), undefined)
    const scanners = [scene.scan(wal, 'oldest'), scene.scan(wal, 'latest')]
    for (const scanner of scanners) assert.deepEqual(await scanner.next(), [])
    const nexts = scanners.map((scanner) => scanner.next())
    const first = text('first')
    await wal.append({ sequence: 0, messages: [first], bytes: 5 })
    for (const next of nexts) assert.deepEqual(textsOf((await next) ?? []), ['first'])
  })

  test('last is the last record, as often as asked, also for readers', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const reader = await (await scene.opener()).openReadOnly(scene.channel)
    for (const name of ['a', 'b']) {
      const [id] = await append(text('x'), text(name)).then((ids) => ids.slice(-1))
      for (const log of [wal, reader]) {
        const last = await log.last()
        assert.deepEqual(textsOf(last === undefined ? [] : [last]), [name])
        assert.equal(builder.messageIds.compare(last?.id, id), 0)
      }
    }
  })

  test('batches are about as large as asked, a larger record comes alone', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const small = Array.from({ length: 20 }, (_, i) => text(`${i}`.padEnd(100, '.')))
    await append(...small)
    await append(text('X'.repeat(5000)))
    const scanner = scene.scan(wal, 'oldest', { maxBytes: 1000 })
    const batches: number[] = []
    for (let read = 0; read < 22; ) {
      const messages = (await scanner.next()) ?? assert.fail('ended')
      read += messages.length
      const bytes = messages.reduce((sum, message) => sum + message.payload.length, 0)
      if (messages.length > 0) batches.push(bytes)
      assert(messages.length <= 1 || bytes <= 2000, `a batch of ${bytes} bytes when 1000 were asked for`)
    }
    assert(batches.includes(5000))
  })

  test('many scanners read all of it, in other openers too, while it is written', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const reader = await (await scene.opener()).openReadOnly(scene.channel)
    const scanners = [wal, reader, wal, reader, reader].map((log) => scene.scan(log, 'oldest'))
    const expected = Array.from({ length: 100 }, (_, i) => `${i}`)
    const reading = scanners.map((scanner) => readCount(scanner, 101))
    for (let i = 0; i < 100; i += 5) await append(...expected.slice(i, i + 5).map((name) => text(name)))
    for (const each of reading) assert.deepEqual(textsOf((await each).slice(1)), expected)
    for (const scanner of scanners) await scanner.close()
  })

  test('read-only finds nothing and creates nothing', async (scene) => {
    const opener = await scene.opener()
    await rejectsWith(opener.openReadOnly(scene.channel), 'WAL_CHANNEL_NOT_FOUND')
    await rejectsWith(opener.openReadOnly(scene.channel), 'WAL_CHANNEL_NOT_FOUND')
    if (builder.traits.list) assert(!(await opener.list?.())?.includes(scene.channel))
    if (builder.traits.delete)
      await rejectsWith(opener.delete?.(scene.channel) ?? assert.fail(), 'WAL_CHANNEL_NOT_FOUND')
  })
}
