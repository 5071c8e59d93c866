import assert from 'node:assert/strict'
import { outcomeOf } from '@wal/walimpls'
import { batchOf, bytesOf, openWriter, text, textsOf, writerOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { deliveredTo, readAll } from '../kit/reading.js'

/**
 * G6: a newer writer ends the older one. Example: a writer of term 1 appends "a", a writer of term 2 opens and appends. From
 * then on every append of the first rejects with `WAL_FENCED`. Of two writers of one term the later opened is the newer.
 */
export function fencingPart({ backend, test, traits }: PartContext): void {
  const unfenced = traits.fencing === 'none' ? 'traits.fencing is none.' : undefined
  const lowerTerms =
    unfenced ??
    (backend.refusesLowerTerm === false
      ? 'refusesLowerTerm: false says that the adaptor refuses lower terms.'
      : undefined)

  for (const term of [1, 2])
    test(
      `a writer of term 1 is fenced by one of term ${term}`,
      async (scene) => {
        const older = await scene.writer(1)
        await older.append(text('a'))
        const newer = await scene.writer(term)
        // These appends may settle before or after the newer writer's append.
        const count = Math.min(3, older.wal.limits.maxInFlightBatches)
        const late = Promise.allSettled(
          Array.from({ length: count }, (_, i) => older.append(text(`late ${i}`))),
        )
        await newer.append(text('b'))
        for (const each of await late) {
          assert.equal(
            each.status,
            'rejected',
            `An append of the writer of term 1 was acked, though a writer of term ${term} had appended its opening record before.`,
          )
          assert.match(outcomeOf(each.status === 'rejected' && each.reason), /^(not-written|unknown)$/)
        }
        await rejectsWith(older.append(text('later')), 'WAL_FENCED')
        await newer.append(text('c'))
        const expected = ['opening of term 1', 'a', `opening of term ${term}`, 'b', 'c']
        assert.deepEqual(textsOf(await readAll(newer.wal)), expected)
        // A fenced writer can still read.
        assert.deepEqual(textsOf(await readAll(older.wal)), expected)
      },
      { doesNotApply: unfenced },
    )

  test('when a newer writer opens and appends nothing, the older one goes on or is fenced', async (scene) => {
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
    'a newer writer whose first batch does not have sequence 0 is fenced, or fences the older writer',
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
    { doesNotApply: unfenced },
  )

  test(
    'a writer of a lower term than the log’s is fenced at its first append',
    async (scene) => {
      const newer = await scene.writer(3)
      await rejectsWith(scene.writer(2), 'WAL_FENCED')
      await newer.append(text('a'))
      assert.deepEqual(textsOf(await readAll(newer.wal)), ['opening of term 3', 'a'])
    },
    { doesNotApply: lowerTerms },
  )

  test('the same writer can open the log again and append more', async (scene) => {
    const writer = writerOf(1)
    const first = await openWriter(await scene.opener(), scene.channel, writer)
    await first.append(text('a'))
    await first.wal.close()
    const again = await (await scene.opener()).open(scene.channel, writer)
    await again.append(batchOf(2, [text('b')]))
    assert.deepEqual(textsOf(await readAll(again)), ['opening of term 1', 'a', 'b'])
  })

  test('the writer of one channel does not fence the writer of another', async (scene) => {
    const one = await scene.writer(1)
    const two = await scene.writer(9, `${scene.channel}-two`)
    await one.append(text('a'))
    await two.append(text('b'))
    assert.deepEqual(textsOf(await readAll(one.wal)), ['opening of term 1', 'a'])
    assert.deepEqual(textsOf(await readAll(two.wal)), ['opening of term 9', 'b'])
  })

  test('through the adaptor: an open at a lower term is WAL_FENCED, at a higher one takes over, at next is one higher', async (scene) => {
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

  test('through the adaptor: of two opens at one term the later wins, and the older WAL’s signal is aborted', async (scene) => {
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
    // A backend without a fence may have stored the message "late". It lies behind the second writer's opening record, so it is
    // void.
    assert.deepEqual(textsOf(await deliveredTo(second)), ['1', '2'])
  })

  test('through the adaptor: of opens that race for the next term no two get the same term', async (scene) => {
    const openings = await Promise.allSettled(
      Array.from({ length: 4 }, () => scene.open({ fenceCheckMs: 0 })),
    )
    const wals = openings.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    for (const each of openings)
      if (each.status === 'rejected') assert.equal(each.reason.code, 'WAL_FENCED', String(each.reason))
    const terms = wals.map(({ channel }) => channel.term)
    assert.equal(new Set(terms).size, terms.length, `Two opens got the same term: ${terms.join(', ')}.`)
    const highest =
      wals.find(({ channel }) => channel.term === Math.max(...terms)) ??
      assert.fail('Every open was fenced. Of opens that race, one has to become the writer.')
    await highest.append({ payload: bytesOf('the winner’s') })
    assert.deepEqual(textsOf(await deliveredTo(highest)), ['the winner’s'])
  })
}
