import assert from 'node:assert/strict'
import type { OpenerBuilderImpls, WALImpls } from '@wal/walimpls'
import { AppendError, RESERVED } from '@wal/walimpls'
import { deferred, withMethods } from '@wal/walimpls/helper'
import { batchOf, bytesOf, textsOf, writerOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { deliveredTo, readAll } from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'

/**
 * G6: a writer that its backend fences though the log has no newer writer takes the fence back and goes on. A newer writer
 * that opens meanwhile must not be overlooked.
 */
export function takenBackPart({ test, traits }: PartContext): void {
  const choices = { doesNotApply: traits.fencing === 'none' ? 'traits.fencing is none.' : undefined }

  for (const term of [3, 4])
    test(
      `through the adaptor: a writer of term 3 that takes its fence back just after a writer of term ${term} opened acks nothing`,
      async (scene) => {
        const held = new HeldReopening(scene.builder)
        const older = await scene.open({ term: 3, builder: held.builder, fenceCheckMs: 0 })
        await older.append({ payload: bytesOf('a') })
        held.fenceNext()
        const late = outcomeOfAppend(older.append({ payload: bytesOf('late') }))
        // At this point the older writer has read the log's end, has found no newer writer, and is about to open the backend
        // again, which takes the fence.
        let settled = false
        void late.then(() => {
          settled = true
        })
        await scene.waiting.until('the older writer opens again', () => held.reached || settled)
        assert.ok(
          held.reached,
          'A writer that is fenced while the log has no newer writer has to open the backend again.',
        )
        const newer = await scene.open({ term, fenceCheckMs: 0 })
        held.release()
        assert.equal(
          await late,
          'WAL_FENCED',
          'An append that was sent behind a newer writer’s opening record has to reject with WAL_FENCED.',
        )
        await rejectsWith(older.append({ payload: bytesOf('later') }), 'WAL_FENCED')
        await newer.append({ payload: bytesOf('b') })
        assert.deepEqual(textsOf(await deliveredTo(newer)), ['a', 'b'])
      },
      choices,
    )

  test(
    'through the adaptor: a writer takes its fence back from one that never became the log’s writer, and no append fails',
    async (scene) => {
      const wal = await scene.open({ term: 3, fenceCheckMs: 0 })
      await wal.append({ payload: bytesOf('a') })
      await wal.barrier()
      await openBehind(scene)
      await wal.append({ payload: bytesOf('b') })
      assert.deepEqual(textsOf(await deliveredTo(wal)), ['a', 'b'])
    },
    choices,
  )
}

/**
 * Opens the log at the same term, stores an opening record whose time tick is too low, and closes. Such a writer does not
 * become the current one, since an opening record counts only if its time tick lies above those of all earlier records. A real
 * writer would store a second opening record. This function plays a process that died before it could.
 */
async function openBehind(scene: Scene): Promise<void> {
  const [opening] = await readAll(await scene.reader())
  const { payload, properties } =
    opening ?? assert.fail('The log has no record; it had to begin with an opening record.')
  const writer = writerOf(3)
  const theirs = properties.map((value, i) =>
    properties[i - 1] === RESERVED.incarnation && i % 2 === 1 ? writer.incarnation : value,
  )
  const wal = await (await scene.opener()).open(scene.channel, writer)
  await wal.append(batchOf(0, [{ payload, properties: theirs }]))
  await wal.close()
}

const outcomeOfAppend = (append: Promise<unknown>): Promise<string> =>
  append.then(
    () => 'acked',
    (error: { code?: string }) => error.code ?? String(error),
  )

/** A backend that, when the test says so, fences its writer once without a reason. The writer's next open then waits. */
class HeldReopening {
  readonly builder: OpenerBuilderImpls
  reached = false
  #fence = false
  #holding = false
  readonly #released = deferred()

  constructor(inner: OpenerBuilderImpls) {
    this.builder = {
      ...inner,
      build: async (...given) => {
        const opener = await inner.build(...given)
        return {
          openReadOnly: (...args) => opener.openReadOnly(...args),
          open: async (...args) => {
            if (this.#holding) {
              this.reached = true
              await this.#released.promise
            }
            return this.#fencedOnce(await opener.open(...args))
          },
          close: () => opener.close(),
        }
      },
    }
  }

  fenceNext(): void {
    this.#fence = true
  }

  release(): void {
    this.#released.resolve()
  }

  #fencedOnce(wal: WALImpls): WALImpls {
    const append: WALImpls['append'] = async (batch) => {
      if (!this.#fence) return wal.append(batch)
      this.#fence = false
      this.#holding = true
      throw new AppendError('WAL_FENCED', 'the test fenced this writer once', { outcome: 'not-written' })
    }
    return withMethods(wal, { append })
  }
}
