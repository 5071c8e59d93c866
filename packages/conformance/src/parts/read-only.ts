import assert from 'node:assert/strict'
import type { WALImpls } from '@wal/walimpls'
import { batchOf, bytesOf, text, textsOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { deliveredTo, readAll } from '../kit/reading.js'

/** G12: a read-only open creates, changes and fences nothing. */
export function readOnlyPart({ test, traits }: PartContext): void {
  test('a read-only open of a missing channel rejects with WAL_CHANNEL_NOT_FOUND and creates nothing', async (scene) => {
    const opener = await scene.opener()
    for (let i = 0; i < 2; i++) await rejectsWith(opener.openReadOnly(scene.channel), 'WAL_CHANNEL_NOT_FOUND')
    await rejectsWith((await scene.opener()).openReadOnly(scene.channel), 'WAL_CHANNEL_NOT_FOUND')
    if (traits.list) assert.ok(!(await opener.list?.())?.includes(scene.channel))
    if (traits.delete)
      await rejectsWith(
        opener.delete?.(scene.channel) ?? assert.fail('traits.delete is true, but openers have no `delete`.'),
        'WAL_CHANNEL_NOT_FOUND',
      )
  })

  test('a log that is open read-only refuses append and truncate, or does not have them', async (scene) => {
    const { wal, append } = await scene.writer(1)
    await append(text('a'), text('b'))
    const all = await readAll(wal)
    const reader = (await scene.reader()) as Partial<WALImpls>
    const refusals = [
      () => reader.append?.(batchOf(0, [text('from a reader')])),
      () => reader.truncate?.(all[2]?.id ?? assert.fail()),
    ]
    for (const call of refusals)
      await rejectsWith(
        (async () => (await call()) ?? Promise.reject({ code: 'absent' }))(),
        'absent',
        'WAL_READ_ONLY',
      )
    assert.deepEqual(textsOf(await readAll(wal)), textsOf(all))
  })

  test('read-only opens and closes do not affect the writer or one another', async (scene) => {
    const { wal, append } = await scene.writer(1)
    for (let i = 0; i < 5; i++) {
      const reader = await scene.reader()
      assert.equal((await readAll(reader)).length, i + 1)
      await append(text(`${i}`))
      if (i % 2 === 0) await reader.close()
    }
    assert.equal((await readAll(wal)).length, 6)
  })

  test('through the adaptor: a read-only WAL rejects append and truncate with WAL_READ_ONLY, and a missing log is not created', async (scene) => {
    for (let i = 0; i < 2; i++) await rejectsWith(scene.openReader(), 'WAL_CHANNEL_NOT_FOUND')
    const wal = await scene.open()
    const { position } = await wal.append({ payload: bytesOf('a') })
    const reader = (await scene.openReader()) as Partial<typeof wal>
    const calls = [
      () => reader.append?.({ payload: bytesOf('b') }),
      () => reader.appendBatch?.([{ payload: bytesOf('b') }]),
      () => reader.truncate?.(position),
      () => reader.barrier?.(),
    ]
    for (const call of calls)
      await rejectsWith(
        (async () => (await call()) ?? assert.fail('The WAL does not have this method.'))(),
        'WAL_READ_ONLY',
      )
    assert.deepEqual(textsOf(await deliveredTo(wal)), ['a'])
    await wal.append({ payload: bytesOf('b') })
    assert.deepEqual(textsOf(await deliveredTo(await scene.openReader())), ['a', 'b'])
  })
}
