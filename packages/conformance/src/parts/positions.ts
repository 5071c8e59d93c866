import assert from 'node:assert/strict'
import type { MessageId } from '@wal/walimpls'
import { bytesOf, numbers, text, textsOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { deliveredTo, readAll } from '../kit/reading.js'

/** G7: ids and positions have an order and a text form, and each names a place in one log. */
export function positionsPart({ backend, test }: PartContext): void {
  const { compare, serialise, parse, pack } = backend.builder.messageIds

  test('ids can be compared, written as text and read back', async (scene) => {
    const { append, wal, opening } = await scene.writer(1)
    const ids = [opening, ...(await append(text('a'), text('b'))), ...(await append(text('c')))]
    for (const [i, id] of ids.entries()) {
      assert.equal(id.backend, backend.builder.name)
      const written = serialise(id)
      assert.match(written, /^[\x21-\x7e]+$/)
      assert.equal(compare(parse(written), id), 0)
      assert.equal(serialise(parse(written)), written)
      for (const [j, other] of ids.entries()) assert.equal(Math.sign(compare(id, other)), Math.sign(i - j))
      assert.doesNotThrow(() => JSON.stringify(id))
    }
    // Every record's id, made text and parsed again, has to be a place from which reading can start; the oldest record's too.
    for (const [i, id] of ids.entries())
      assert.equal((await readAll(wal, { from: parse(serialise(id)) })).length, ids.length - i)
    // `pack` is optional. It has to give back the same ids, also when their numbers have gaps, as in 1, 2, 4.
    for (const some of [ids, ids.slice(1), [...ids.slice(0, 1), ...ids.slice(2)]]) {
      const packed = pack?.(some) ?? some
      for (const [i, id] of some.entries())
        assert.equal(
          serialise(packed.at(i) as MessageId),
          serialise(id),
          `pack() changed the id with index ${i}. It has to give back the ids that it was given.`,
        )
    }
  })

  test('through the adaptor: reading can resume at the position of every message, also on a later writer’s WAL', async (scene) => {
    const wal = await scene.open({ batchBytes: 1024 })
    const reader = await scene.openReader()
    const names = numbers(50)
    const results = await wal.appendBatch(names.map((name) => ({ payload: bytesOf(name.padEnd(90, ' ')) })))
    const delivered = await deliveredTo(reader)
    const later = await scene.open()
    const trimmed = async (...choices: Parameters<typeof deliveredTo>) =>
      textsOf(await deliveredTo(...choices)).map((each) => each.trim())
    for (const log of [later, reader])
      for (const i of [0, 1, 25, 48, 49])
        for (const position of [results[i]?.position ?? '', delivered[i]?.position ?? '']) {
          assert.deepEqual(await trimmed(log, { after: position }), names.slice(i + 1))
          assert.deepEqual(await trimmed(log, { from: position }), names.slice(i))
          assert.deepEqual(await trimmed(log, { until: position }), names.slice(0, i + 1))
        }
    await later.append({ payload: bytesOf('of the later one') })
    const last = results.at(-1)?.position ?? ''
    assert.deepEqual(await trimmed(later, { after: last }), ['of the later one'])
  })

  test('through the adaptor: a position of another log is refused', async (scene) => {
    const wal = await scene.open()
    const other = await scene.open({ channel: `${scene.channel}-other` })
    const { position } = await other.append({ payload: bytesOf('elsewhere') })
    await wal.append({ payload: bytesOf('here') })
    await rejectsWith(deliveredTo(wal, { from: position }), 'WAL_POSITION_MISMATCH')
    await rejectsWith(deliveredTo(wal, { after: position }), 'WAL_POSITION_MISMATCH')
    await rejectsWith(wal.truncate(position), 'WAL_POSITION_MISMATCH')
    assert.deepEqual(textsOf(await deliveredTo(wal)), ['here'])
  })

  test(
    'through the adaptor: a position of a log that was deleted and created again is refused',
    async (scene) => {
      const first = await scene.open()
      const { position } = await first.append({ payload: bytesOf('old') })
      await first.close()
      const opener = await scene.opener()
      await opener.delete?.(scene.channel)
      const again = await scene.open({ runtime: scene.runtime() })
      await again.append({ payload: bytesOf('new') })
      await rejectsWith(deliveredTo(again, { from: position }), 'WAL_POSITION_MISMATCH')
      assert.deepEqual(textsOf(await deliveredTo(again)), ['new'])
    },
    { doesNotApply: backend.builder.traits.delete ? undefined : 'traits.delete is false.' },
  )
}
