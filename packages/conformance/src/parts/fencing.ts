import assert from 'node:assert/strict'
import { outcomeOf } from '@wal/walimpls'
import { batchOf, bytesOf, openWriter, text, textsOf, writerOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { deliveredTo, readAll } from '../kit/reading.js'

/** G6: a newer writer ends the older one. */
export function fencingPart({ backend, test, traits }: PartContext): void {
  const unfenced = traits.fencing === 'none' ? 'its traits say that it does not fence' : undefined
  const lowerTerms =
    unfenced ??
    (backend.refusesLowerTerm === false ? 'it leaves lower terms to the adaptor to refuse' : undefined)

  for (const term of [1, 2])
    test(
      `a writer of term 1 is fenced by one of term ${term}`,
      async (scene) => {
        const older = await scene.writer(1)
        await older.append(text('a'))
        const newer = await scene.writer(term)
        // They may fail while the newer one appends.
        const count = Math.min(3, older.wal.limits.maxInFlightBatches)
        const late = Promise.allSettled(
          Array.from({ length: count }, (_, i) => older.append(text(`late ${i}`))),
        )
        await newer.append(text('b'))
        for (const each of await late) {
          assert.equal(each.status, 'rejected', 'an append of a fenced writer was acked')
          assert.match(outcomeOf(each.status === 'rejected' && each.reason), /^(not-written|unknown)$/)
        }
        await rejectsWith(older.append(text('later')), 'WAL_FENCED')
        await newer.append(text('c'))
        const expected = ['opening of term 1', 'a', `opening of term ${term}`, 'b', 'c']
        assert.deepEqual(textsOf(await readAll(newer.wal)), expected)
        // Fenced writers read on.
        assert.deepEqual(textsOf(await readAll(older.wal)), expected)
      },
      unfenced,
    )

  test('an open that appends nothing disturbs nobody, or says that it was fenced', async (scene) => {
    const first = await scene.writer(1)
    await scene.reader()
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

  test(
    'a writer that begins in the middle is refused, or ends the one before it: never are there two',
    async (scene) => {
      const first = await scene.writer(1)
      const wal = await (await scene.opener()).open(scene.channel, writerOf(2))
      const outcome = await wal.append(batchOf(5, [text('in the middle')])).then(
        () => 'stored',
        (error) => error.code,
      )
      assert.match(outcome, /^(stored|WAL_FENCED)$/)
      if (outcome === 'stored') await rejectsWith(first.append(text('late')), 'WAL_FENCED')
      else await first.append(text('on'))
      const expected = outcome === 'stored' ? 'in the middle' : 'on'
      assert.deepEqual(textsOf(await readAll(first.wal)), ['opening of term 1', expected])
    },
    unfenced,
  )

  test(
    'a lower term than the log’s is refused',
    async (scene) => {
      const newer = await scene.writer(3)
      await rejectsWith(scene.writer(2), 'WAL_FENCED')
      await newer.append(text('a'))
      assert.deepEqual(textsOf(await readAll(newer.wal)), ['opening of term 3', 'a'])
    },
    lowerTerms,
  )

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

  test('through the adaptor: lower is WAL_FENCED and disturbs nobody, higher takes over, next goes on from there', async (scene) => {
    const five = await scene.open({ term: 5 })
    await rejectsWith(scene.open({ term: 4 }), 'WAL_FENCED')
    await five.append({ payload: bytesOf('still the writer') })
    const seven = await scene.open({ term: 7 })
    assert.equal(seven.channel.term, 7)
    if (unfenced === undefined)
      await rejectsWith(five.append({ payload: bytesOf('late') }), 'WAL_FENCED', 'WAL_CLOSED')
    await seven.append({ payload: bytesOf('of seven') })
    const next = await scene.open()
    assert.equal(next.channel.term, 8)
    assert.deepEqual(textsOf(await deliveredTo(next)), ['still the writer', 'of seven'])
  })

  test('through the adaptor: of two opens at one term the later wins, and the older is told', async (scene) => {
    const first = await scene.open({ term: 3, fenceCheckMs: 10 })
    await first.append({ payload: bytesOf('1') })
    const second = await scene.open({ term: 3 })
    const late = await first.append({ payload: bytesOf('late') }).catch((error) => error.code)
    if (unfenced === undefined) assert.match(String(late), /^WAL_(FENCED|CLOSED)$/)
    await second.append({ payload: bytesOf('2') })
    if (!first.signal.aborted)
      await new Promise<void>((resolve) =>
        first.signal.addEventListener('abort', () => resolve(), { once: true }),
      )
    assert.match((first.signal.reason as { code: string }).code, /^WAL_(FENCED|CLOSED)$/)
    // Void, should it have been stored all the same.
    assert.deepEqual(textsOf(await deliveredTo(second)), ['1', '2'])
  })

  test('through the adaptor: of openers that race for the next term no two keep one', async (scene) => {
    const openings = await Promise.allSettled(
      Array.from({ length: 4 }, () => scene.open({ fenceCheckMs: 0 })),
    )
    const wals = openings.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    for (const each of openings)
      if (each.status === 'rejected') assert.equal(each.reason.code, 'WAL_FENCED', String(each.reason))
    const terms = wals.map(({ channel }) => channel.term)
    assert.equal(new Set(terms).size, terms.length, `terms ${terms}`)
    const highest =
      wals.find(({ channel }) => channel.term === Math.max(...terms)) ?? assert.fail('no winner')
    await highest.append({ payload: bytesOf('the winner’s') })
    assert.deepEqual(textsOf(await deliveredTo(highest)), ['the winner’s'])
  })
}
