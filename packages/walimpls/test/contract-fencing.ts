import assert from 'node:assert/strict'
import { outcomeOf } from '../src/index.js'
import {
  batchOf,
  type ContractContext,
  openWriter,
  readAll,
  rejectsWith,
  text,
  textsOf,
  writerOf,
} from './contract-context.js'

export function fencingTests({ test, builder, refusesLowerTerm = true }: ContractContext): void {
  if (builder.traits.fencing === 'none') return

  for (const term of [1, 2]) {
    test(`a writer of term 1 is fenced by one of term ${term}`, async (scene) => {
      const older = await scene.writer(1)
      await older.append(text('a'))
      const newer = await scene.writer(term)
      // They may fail while the newer one appends.
      const late = Promise.allSettled(
        Array.from({ length: Math.min(3, older.wal.limits.maxInFlightBatches) }, (_, i) =>
          older.append(text(`late ${i}`)),
        ),
      )
      await newer.append(text('b'))
      for (const each of await late) {
        assert.equal(each.status, 'rejected')
        if (each.status === 'rejected') assert.match(outcomeOf(each.reason), /^(not-written|unknown)$/)
      }
      await rejectsWith(older.append(text('later')), 'WAL_FENCED')
      await newer.append(text('c'))
      const expected = ['opening of term 1', 'a', `opening of term ${term}`, 'b', 'c']
      assert.deepEqual(textsOf(await readAll(newer.wal)), expected)
      // Fenced writers read on.
      assert.deepEqual(textsOf(await readAll(older.wal)), expected)
    })
  }

  test('an open that appends nothing disturbs nobody, or says that it was fenced', async (scene) => {
    const first = await scene.writer(1)
    await (await scene.opener()).openReadOnly(scene.channel)
    await first.append(text('a'))
    const opener = await scene.opener()
    const idle = await opener.open(scene.channel, writerOf(2))
    const outcome = await first.append(text('b')).then(
      () => 'stored',
      (error) => error.code,
    )
    assert.match(outcome, /^(stored|WAL_FENCED)$/)
    await idle.close()
    const expected = outcome === 'stored' ? ['a', 'b'] : ['a']
    assert.deepEqual(textsOf((await readAll(first.wal)).slice(1)), expected)
  })

  test('only a first batch takes the fence', async (scene) => {
    await scene.writer(1)
    const wal = await (await scene.opener()).open(scene.channel, writerOf(2)).catch(() => undefined)
    const outcome = await wal?.append(batchOf(5, [text('in the middle')])).catch((error) => error)
    if (outcome instanceof Error) assert.equal((outcome as { code?: string }).code, 'WAL_FENCED')
  })

  if (refusesLowerTerm) {
    test('a lower term than the log’s is refused', async (scene) => {
      const newer = await scene.writer(3)
      await rejectsWith(
        (async () => openWriter(await scene.opener(), scene.channel, writerOf(2)))(),
        'WAL_FENCED',
      )
      await newer.append(text('a'))
      assert.deepEqual(textsOf(await readAll(newer.wal)), ['opening of term 3', 'a'])
    })
  }

  test('the same writer opens again and goes on', async (scene) => {
    const writer = writerOf(1)
    const first = await openWriter(await scene.opener(), scene.channel, writer)
    await first.append(text('a'))
    await first.wal.close()
    const again = await (await scene.opener()).open(scene.channel, writer)
    await again.append(batchOf(2, [text('b')]))
    assert.deepEqual(textsOf(await readAll(again)), ['opening of term 1', 'a', 'b'])
  })

  test('channels have writers of their own', async (scene) => {
    const one = await scene.writer(1)
    const two = await scene.writer(9, `${scene.channel}-two`)
    await one.append(text('a'))
    await two.append(text('b'))
    assert.deepEqual(textsOf(await readAll(one.wal)), ['opening of term 1', 'a'])
    assert.deepEqual(textsOf(await readAll(two.wal)), ['opening of term 9', 'b'])
  })
}
