import assert from 'node:assert/strict'
import { readOptions } from '@wal/walimpls/helper'
import { bytesOf, textsOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { deliveredTo, takeCount } from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'

/**
 * G6 and G13: a copy of a log in another place is another log, though the identity stored in it is that of the original. So a
 * writer of the copy must not end the writer of the original, and neither sees what the other appends.
 */
export function restoredCopyPart({ backend, test, traits }: PartContext): void {
  const { copy } = backend
  const choices = { doesNotApply: copy === undefined ? 'The hook `copy` was not given.' : undefined }
  const ended = (reason: unknown) =>
    `Opening the copy ended the original’s writer: ${String(reason)}. Check that \`place\` of the copy differs from that of the original.`

  test(
    'a copy that is opened for writing in the same process does not end the original’s writer, and both can append',
    async (scene) => {
      const runtime = scene.runtime()
      const original = await scene.open({ runtime, fenceCheckMs: 20 })
      const { position } = await original.append({ payload: bytesOf('a') })
      await original.append({ payload: bytesOf('b') })
      const tail = original.read()
      assert.deepEqual(textsOf(await takeCount(tail, 2)), ['a', 'b'])
      const elsewhere = await copied(scene)
      const other = await scene.open({ runtime, backend: elsewhere, fenceCheckMs: 20 })
      await other.append({ payload: bytesOf('of the copy') })
      assert.equal(original.signal.aborted, false, ended(original.signal.reason))
      await original.append({ payload: bytesOf('of the original') })
      await other.append({ payload: bytesOf('of the copy again') })
      assert.deepEqual(textsOf(await takeCount(tail, 1)), ['of the original'])
      const ofCopy = ['b', 'of the copy', 'of the copy again']
      for (const log of [other, await scene.openReader({ backend: elsewhere })])
        assert.deepEqual(textsOf(await deliveredTo(log, { after: position })), ofCopy)
      for (const log of [original, await scene.openReader()])
        assert.deepEqual(textsOf(await deliveredTo(log, { after: position })), ['b', 'of the original'])
      await other.close()
      await original.append({ payload: bytesOf('on') })
      assert.equal(original.signal.aborted, false, ended(original.signal.reason))
    },
    choices,
  )

  test(
    'truncating a copy removes nothing from the original',
    async (scene) => {
      const original = await scene.open()
      const positions: string[] = []
      for (const name of ['a', 'b', 'c'])
        positions.push((await original.append({ payload: bytesOf(name) })).position)
      const other = await scene.open({ backend: await copied(scene) })
      await other.truncate(positions[1] as string)
      assert.deepEqual(textsOf(await deliveredTo(other)), ['c'])
      assert.deepEqual(textsOf(await deliveredTo(original)), ['a', 'b', 'c'])
      await original.append({ payload: bytesOf('d') })
      assert.deepEqual(textsOf(await deliveredTo(await scene.openReader())), ['a', 'b', 'c', 'd'])
    },
    choices,
  )

  test(
    'two opens of one log have the same place, and a copy has another one',
    async (scene) => {
      const { wal, append } = await scene.writer(1)
      await append({ payload: bytesOf('a'), properties: [] })
      const reader = await scene.reader()
      assert.equal(
        reader.place,
        wal.place,
        '`place` differs between two opens of one log. It has to name where the log is stored.',
      )
      const { builder } = scene
      const options = readOptions(builder.options, await copied(scene), builder.name)
      const opener = await builder.build(options, scene.runtime())
      scene.atEnd('closing an opener', () => opener.close())
      const other = await opener.openReadOnly(scene.channel)
      assert.notEqual(
        other.place,
        wal.place,
        '`place` of a log and of its copy is the same. It has to name where the log is stored.',
      )
    },
    choices,
  )

  /** Makes a copy and answers its options. The copy is deleted at the end of the test when the backend can delete. */
  async function copied(scene: Scene): Promise<Readonly<Record<string, unknown>>> {
    const elsewhere = (await copy?.(scene.channel)) ?? assert.fail('copy() answered no options.')
    if (traits.delete)
      scene.afterClosing('deleting a copy', async () => {
        const { builder } = backend
        const opener = await builder.build(
          readOptions(builder.options, elsewhere, builder.name),
          scene.runtime(),
        )
        await opener.delete?.(scene.channel)
        await opener.close()
      })
    return elsewhere
  }
}
