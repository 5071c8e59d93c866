import assert from 'node:assert/strict'
import { readOptions } from '@wal/walimpls/helper'
import { bytesOf, textsOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { deliveredTo, takeCount } from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'

/** G6 and G13: a copy of a log at another place is another log, though its identity is that of the original. */
export function restoredCopyPart({ backend, test, traits }: PartContext): void {
  const { copy } = backend
  const unless = copy === undefined ? 'no `copy` was given' : undefined

  test(
    'a copy opened for writing in the same process leaves the original’s writer alone, and both go on',
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
      assert.equal(
        original.signal.aborted,
        false,
        `the original’s writer has ended: ${original.signal.reason}`,
      )
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
      assert.equal(
        original.signal.aborted,
        false,
        `the original’s writer has ended: ${original.signal.reason}`,
      )
    },
    unless,
  )

  test(
    'what is truncated in a copy stays in the original',
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
    unless,
  )

  test(
    'the place of a copy is another one; every open of one log names the same',
    async (scene) => {
      const { wal, append } = await scene.writer(1)
      await append({ payload: bytesOf('a'), properties: [] })
      const reader = await scene.reader()
      assert.equal(reader.place, wal.place, 'two opens of one log name two places')
      const { builder } = scene
      const options = readOptions(builder.options, await copied(scene), builder.name)
      const opener = await builder.build(options, scene.runtime())
      scene.atEnd('closing an opener', () => opener.close())
      const other = await opener.openReadOnly(scene.channel)
      assert.notEqual(other.place, wal.place, 'a log and its copy name one place')
    },
    unless,
  )

  /** The options of a copy, which is removed at the end of the test where the backend can. */
  async function copied(scene: Scene): Promise<Readonly<Record<string, unknown>>> {
    const elsewhere = (await copy?.(scene.channel)) ?? assert.fail()
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
