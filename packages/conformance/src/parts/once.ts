import assert from 'node:assert/strict'
import { Faults, faultyBuilder } from '@wal/walimpls/testing'
import { batchOf, bytesOf, numbers, text, textsOf } from '../kit/batches.js'
import { hurriedRuntime } from '../kit/hurried-runtime.js'
import type { PartContext } from '../kit/part.js'
import { deliveredTo, readAll, takeCount } from '../kit/reading.js'

/** G5: a message is delivered once, also when its batch was sent or stored twice. */
export function oncePart({ backend, test }: PartContext): void {
  const { serialise } = backend.builder.messageIds

  test('a batch that is sent again gets the same ids, or is stored once more at the end of the log', async (scene) => {
    const { wal, batch } = await scene.writer(1)
    const again = batch(text('a'), text('b'))
    const first = (await wal.append(again)).map(serialise)
    const second = (await wal.append(again)).map(serialise)
    await wal.append(batchOf(3, [text('c')]))
    const stored = textsOf((await readAll(wal)).slice(1))
    if (first.join() === second.join()) assert.deepEqual(stored, ['a', 'b', 'c'])
    else assert.deepEqual(stored, ['a', 'b', 'a', 'b', 'c'])
  })

  test('batches with the same bytes and different sequences are all stored', async (scene) => {
    const { wal, append } = await scene.writer(1)
    for (let i = 0; i < 3; i++) await append(text('same'))
    assert.deepEqual(textsOf((await readAll(wal)).slice(1)), ['same', 'same', 'same'])
  })

  test('through the adaptor: a record that is stored twice is delivered once, to readers that tail, catch up or resume', async (scene) => {
    const faults = new Faults({
      probabilities: { duplicate: { append: 0.5 }, 'duplicate-then-fail': { append: 0.2 } },
    })
    const builder = faultyBuilder(scene.builder, faults)
    const wal = await scene.open({ builder, batchBytes: 1024, runtime: hurriedRuntime(scene.runtime()) })
    const reader = await scene.openReader()
    const tails = [wal.read(), reader.read()]
    const names = numbers(120)
    const reading = tails.map((tail) => takeCount(tail, names.length))
    const results = await Promise.all(
      names.map((name) => wal.append({ payload: bytesOf(name.padEnd(100, ' ')) })),
    )
    const trimmed = (records: readonly { readonly payload: Uint8Array }[]) =>
      textsOf(records).map((each) => each.trim())
    for (const each of reading) assert.deepEqual(trimmed(await each), names)
    for (const log of [wal, reader]) {
      assert.deepEqual(trimmed(await deliveredTo(log)), names)
      // `append` may have returned the id of the second copy. The position with this id must work as well as the first copy's.
      for (const i of [0, 31, 77, names.length - 1])
        assert.deepEqual(
          trimmed(await deliveredTo(log, { after: results[i]?.position ?? '' })),
          names.slice(i + 1),
        )
    }
    assert.ok(
      faults.counts.duplicate > 0 && faults.counts['duplicate-then-fail'] > 0,
      'No batch was stored twice, so the test proves nothing.',
    )
  })
}
