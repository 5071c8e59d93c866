import assert from 'node:assert/strict'
import type { MessageId } from '@wal/walimpls'
import { systemRuntime } from '@wal/walimpls'
import { batchOf, bytesOf, numbers, text, textsOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { awaitedLater } from '../kit/patience.js'
import { deliveredTo, readAll } from '../kit/reading.js'

/** G1, and G2 as far as one process can see it: an acknowledged record is stored once, in call order, with rising ids. */
export function appendPart({ backend, test }: PartContext): void {
  const { compare, serialise } = backend.builder.messageIds

  function assertRising(ids: readonly MessageId[]): void {
    for (const [i, id] of ids.entries())
      if (i > 0)
        assert.ok(
          compare(ids[i - 1], id) < 0,
          `The id ${serialise(id)} is not above ${serialise(ids[i - 1] as MessageId)}, the id of the record before.`,
        )
  }

  test('an acked record is read by every reader, once, under the id that append answered', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const reader = await scene.reader()
    for (const name of numbers(5)) {
      const [id] = await append(text(name))
      for (const log of [reader, wal]) {
        const last = await log.last()
        assert.deepEqual(textsOf(last === undefined ? [] : [last]), [name])
        assert.equal(compare(last?.id, id), 0)
      }
    }
    assert.deepEqual(textsOf((await readAll(reader)).slice(1)), numbers(5))
  })

  test('append answers one id for each record of a batch, in order, and the batch is read in that order', async (scene) => {
    const { wal, append, opening } = await scene.writer(1)
    const names = numbers(20)
    const ids = [opening]
    for (let i = 0; i < names.length; i += 4) {
      const answered = await append(...names.slice(i, i + 4).map((name) => text(name)))
      assert.equal(answered.length, 4)
      ids.push(...answered)
    }
    assertRising(ids)
    const stored = await readAll(wal)
    assert.deepEqual(textsOf(stored.slice(1)), names)
    assert.deepEqual(
      stored.map(({ id }) => serialise(id)),
      ids.map(serialise),
    )
  })

  test('batches in flight are stored and settle in the order of their calls', async (scene) => {
    const { wal, batch } = await scene.writer(1)
    const { maxInFlightBatches } = wal.limits
    const settled: number[] = []
    const expected: string[] = []
    const flying: Promise<unknown>[] = []
    for (let i = 0; i < 40; i++) {
      const names = Array.from({ length: 1 + (i % 3) }, (_, j) => `${i}.${j}`)
      expected.push(...names)
      if (flying.length >= maxInFlightBatches) await flying.shift()
      const made = batch(...names.map((name) => text(name)))
      const append = async () => {
        assert.equal((await wal.append(made)).length, names.length)
        settled.push(i)
      }
      flying.push(awaitedLater(append))
    }
    await Promise.all(flying)
    assert.deepEqual(
      settled,
      Array.from({ length: 40 }, (_, i) => i),
    )
    const stored = (await readAll(wal)).slice(1)
    assert.deepEqual(textsOf(stored), expected)
    assertRising(stored.map(({ id }) => id))
  })

  test('a loop of awaited appends lets timers and I/O run in between', async (scene) => {
    const { append } = await scene.writer(1)
    let turned = false
    void systemRuntime.yield().then(() => {
      turned = true
    })
    for (let i = 0; i < 20; i++) await append(text(`${i}`))
    assert.ok(
      turned,
      'Twenty awaited appends settled before timers and I/O had a turn of the event loop. An append must not settle before the event loop has turned.',
    )
  })

  test('ids rise from one writer to the next, and none is given out twice', async (scene) => {
    const ids: MessageId[] = []
    for (const term of [1, 2, 3]) {
      const { opener, opening, append, wal } = await scene.writer(term)
      ids.push(opening, ...(await append(text(`${term}a`), text(`${term}b`))))
      assert.equal(wal.writer.term, term)
      // The second writer stays open when the third opens.
      if (term !== 2) await opener.close()
    }
    assertRising(ids)
    const stored = await readAll(await scene.reader())
    assert.deepEqual(
      stored.map(({ id }) => serialise(id)),
      ids.map(serialise),
    )
  })

  test('a log that is closed and opened again has the same last record', async (scene) => {
    const first = await scene.writer(1)
    await first.append(text('a'), text('b'))
    await first.wal.close()
    await first.opener.close()
    const last = await (await scene.reader()).last()
    assert.deepEqual(textsOf(last === undefined ? [] : [last]), ['b'])
    const next = await scene.writer(2)
    assert.deepEqual(textsOf(await readAll(next.wal)), ['opening of term 1', 'a', 'b', 'opening of term 2'])
  })

  test('last() of a log without records answers undefined', async (scene) => {
    const opener = await scene.opener()
    const wal = await opener.open(scene.channel, { term: 0, incarnation: 'first' })
    assert.equal(await wal.last(), undefined)
    await wal.append(batchOf(0, [text('first')]))
    assert.deepEqual(textsOf(await readAll(wal)), ['first'])
  })

  test('through the adaptor: un-awaited appends are stored and settle in call order', async (scene) => {
    const wal = await scene.open({ batchBytes: 1024 })
    const names = numbers(300)
    const settled: string[] = []
    const results = await Promise.all(
      names.map(async (name, i) => {
        const result = await wal.append({ payload: bytesOf(name.padEnd(1 + (i % 90), '.')), vchannel: 'v' })
        settled.push(name)
        return result
      }),
    )
    assert.deepEqual(settled, names)
    const delivered = await deliveredTo(wal)
    assert.deepEqual(
      delivered.map(({ messageId }) => messageId),
      results.map(({ messageId }) => messageId),
    )
    assertRising(delivered.map(({ messageId }) => backend.builder.messageIds.parse(messageId)))
    for (const [i, { timeTick }] of delivered.entries())
      assert.ok(
        i === 0 || timeTick > (delivered[i - 1]?.timeTick ?? 0n),
        `The time tick of record ${i} is not above that of the record before.`,
      )
  })

  test('through the adaptor: an append that begins after another was acked gets a greater id, on any vchannel', async (scene) => {
    const wal = await scene.open()
    const ids: MessageId[] = []
    for (let i = 0; i < 30; i++) {
      const results = await Promise.all(
        ['a', 'b', 'c'].map((vchannel) => wal.append({ payload: bytesOf(vchannel), vchannel })),
      )
      const answered = results.map(({ messageId }) => backend.builder.messageIds.parse(messageId))
      for (const id of answered)
        for (const before of ids)
          assert.ok(
            compare(before, id) < 0,
            `The id ${serialise(id)} is not above ${serialise(before)}, which was acked before the append began.`,
          )
      ids.splice(0, ids.length, ...answered)
    }
  })
}
