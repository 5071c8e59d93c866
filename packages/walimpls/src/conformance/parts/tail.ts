import assert from 'node:assert/strict'
import { bytesOf, numbers, text, textsOf } from '../batches.js'
import type { PartContext } from '../part.js'
import { assertWaits, rejectsWith } from '../patience.js'
import { readCount, readToEnd, takeCount } from '../reading.js'

/** G9: an unbounded scanner waits at the end for ever. */
export function tailPart({ test, traits }: PartContext): void {
  test('the end is said once, then the scanner waits for what comes', async (scene) => {
    const { wal, append } = await scene.writer(1)
    for (const log of [wal, await scene.reader()]) {
      const scanner = scene.scan(log, 'oldest')
      await readToEnd(scanner)
      for (const name of numbers(3)) {
        const next = scanner.next()
        await assertWaits(next, 'a scanner at the end')
        await append(text(name))
        // A reader in another process may look before the record is there, and then meets the end again.
        const first = (await next) ?? assert.fail('it ended by itself')
        assert.deepEqual(textsOf(first.length > 0 ? first : await readCount(scanner, 1)), [name])
        assert.deepEqual(await scanner.next(), [], 'the end was not said again')
      }
      await scanner.close()
    }
  })

  test('a scanner that met the end twice without records between does not say so', async (scene) => {
    const { wal } = await scene.writer(1)
    const scanner = scene.scan(wal, 'oldest')
    await readToEnd(scanner)
    const next = scanner.next()
    await assertWaits(next, 'a scanner at the end')
    await scanner.close()
    assert.equal(await next, undefined)
  })

  test('one call of next at a time; the second is refused and harms nothing', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const scanner = scene.scan(wal, 'latest')
    assert.deepEqual(await scanner.next(), [])
    const next = scanner.next()
    await assertWaits(next, 'a scanner at the end')
    await rejectsWith(scanner.next(), 'WAL_INVALID_ARGUMENT')
    await append(text('a'))
    assert.deepEqual(textsOf((await next) ?? []), ['a'])
  })

  test('readers in other openers follow a writer, and the next one', async (scene) => {
    const first = await scene.writer(1)
    const scanner = scene.scan(await scene.reader(), 'oldest')
    await first.append(text('a'))
    assert.deepEqual(textsOf((await readCount(scanner, 2)).slice(1)), ['a'])
    await first.opener.close()
    const second = await scene.writer(2)
    await second.append(text('b'))
    assert.deepEqual(textsOf(await readCount(scanner, 2)), ['opening of term 2', 'b'])
  })

  test(
    'through the adaptor: when its own WAL is fenced a scanner goes on with the new writer’s records',
    async (scene) => {
      const older = await scene.open({ fenceCheckMs: 10 })
      const tail = older.read()
      await older.append({ payload: bytesOf('older') })
      assert.deepEqual(textsOf(await takeCount(tail, 1)), ['older'])
      const newer = await scene.open()
      await newer.append({ payload: bytesOf('newer') })
      assert.deepEqual(textsOf(await takeCount(tail, 1)), ['newer'])
      await newer.append({ payload: bytesOf('newest') })
      assert.deepEqual(textsOf(await takeCount(tail, 1)), ['newest'])
    },
    traits.fencing === 'none' ? 'its traits say that it does not fence' : undefined,
  )
}
