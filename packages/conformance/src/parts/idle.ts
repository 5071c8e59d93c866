import assert from 'node:assert/strict'
import { openWriter, type TestWriter, text, textsOf, writerOf } from '../kit/batches.js'
import { LeapingTime } from '../kit/leaping-time.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { readAll } from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'

/** For a backend that states no `limits.maxIdleMs`, which never forgets a writer. */
const A_MONTH_MS = 30 * 24 * 3_600_000

/** G6: `limits.maxIdleMs` is how long a backend remembers a writer that stores nothing; without it that is forever. */
export function idlePart({ test, traits }: PartContext): void {
  test(
    'a writer that stored nothing for just under limits.maxIdleMs keeps its fence, and stores on',
    async (scene) => {
      const time = new LeapingTime()
      const older = await writerIn(scene, time, 1)
      await older.append(text('a'))
      const newer = await writerIn(scene, time, 2)
      // Counted from its opening record, then from the last record that it stored.
      for (const name of ['b', 'c']) {
        await time.leap((newer.wal.limits.maxIdleMs ?? A_MONTH_MS) - 1)
        await rejectsWith(older.append(text(`late ${name}`)), 'WAL_FENCED')
        await newer.append(text(name))
      }
      const expected = ['opening of term 1', 'a', 'opening of term 2', 'b', 'c']
      assert.deepEqual(textsOf(await readAll(newer.wal)), expected)
    },
    traits.fencing === 'none' ? 'its traits say that it does not fence' : undefined,
  )
}

/** A writer in a process of its own, in that time. */
async function writerIn(scene: Scene, time: LeapingTime, term: number): Promise<TestWriter> {
  const opener = await scene.opener(time.over(scene.runtime()))
  return openWriter(opener, scene.channel, writerOf(term))
}
