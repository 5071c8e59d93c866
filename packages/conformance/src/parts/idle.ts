import assert from 'node:assert/strict'
import { openWriter, type TestWriter, text, textsOf, writerOf } from '../kit/batches.js'
import { LeapingTime } from '../kit/leaping-time.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { readAll } from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'

/** The idle time after which a backend without `limits.maxIdleMs` is tested: a month. Such a backend never forgets a writer. */
const A_MONTH_MS = 30 * 24 * 3_600_000

/**
 * G6: a backend remembers its current writer for `limits.maxIdleMs` after the last record that this writer stored; without
 * that limit, forever. Example: with 60,000, a writer that stored nothing for 59,999 ms must still keep the older one out.
 */
export function idlePart({ test, traits }: PartContext): void {
  test(
    'a writer that stored nothing for 1 ms less than limits.maxIdleMs still fences the older one, and can append',
    async (scene) => {
      const time = new LeapingTime()
      const older = await writerIn(scene, time, 1)
      await older.append(text('a'))
      const newer = await writerIn(scene, time, 2)
      // The idle time counts from the writer's opening record the first time, and from its last record the second time.
      for (const name of ['b', 'c']) {
        await time.leap((newer.wal.limits.maxIdleMs ?? A_MONTH_MS) - 1)
        await rejectsWith(older.append(text(`late ${name}`)), 'WAL_FENCED')
        await newer.append(text(name))
      }
      const expected = ['opening of term 1', 'a', 'opening of term 2', 'b', 'c']
      assert.deepEqual(textsOf(await readAll(newer.wal)), expected)
    },
    { doesNotApply: traits.fencing === 'none' ? 'traits.fencing is none.' : undefined },
  )
}

/** Opens a writer in a simulated process of its own, whose clock is that of `time`. */
async function writerIn(scene: Scene, time: LeapingTime, term: number): Promise<TestWriter> {
  const opener = await scene.opener(time.over(scene.runtime()))
  return openWriter(opener, scene.channel, writerOf(term))
}
