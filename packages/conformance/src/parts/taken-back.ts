import assert from 'node:assert/strict'
import type { OpenerBuilderImpls, WALImpls } from '@wal/walimpls'
import { AppendError, RESERVED } from '@wal/walimpls'
import { deferred, withMethods } from '@wal/walimpls/helper'
import { batchOf, bytesOf, textsOf, writerOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { deliveredTo, readAll } from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'

/** G6 (c): a fence lost to nobody is taken back, and a newer writer that came meanwhile is not overlooked. */
export function takenBackPart({ test, traits }: PartContext): void {
  const unfenced = traits.fencing === 'none' ? 'its traits say that it does not fence' : undefined

  for (const term of [3, 4])
    test(
      `through the adaptor: the fence taken back just after a writer of term ${term} opened, nothing of the older one is acked`,
      async (scene) => {
        const held = new HeldReopening(scene.builder)
        const older = await scene.open({ term: 3, builder: held.builder, fenceCheckMs: 0 })
        await older.append({ payload: bytesOf('a') })
        held.fenceNext()
        const late = outcomeOfAppend(older.append({ payload: bytesOf('late') }))
        // It has looked, has seen nobody, and is about to take the fence.
        let settled = false
        void late.then(() => {
          settled = true
        })
        await scene.waiting.until('the older writer opens again', () => held.reached || settled)
        assert.ok(held.reached, 'a writer told by its backend that it is fenced has to open it again')
        const newer = await scene.open({ term, fenceCheckMs: 0 })
        held.release()
        assert.equal(await late, 'WAL_FENCED', 'how an append behind a newer writer’s opening record ended')
        await rejectsWith(older.append({ payload: bytesOf('later') }), 'WAL_FENCED')
        await newer.append({ payload: bytesOf('b') })
        assert.deepEqual(textsOf(await deliveredTo(newer)), ['a', 'b'])
      },
      unfenced,
    )

  test(
    'through the adaptor: the fence is taken back from one that never became the log’s writer, and no append fails',
    async (scene) => {
      const wal = await scene.open({ term: 3, fenceCheckMs: 0 })
      await wal.append({ payload: bytesOf('a') })
      await wal.barrier()
      await openBehind(scene)
      await wal.append({ payload: bytesOf('b') })
      assert.deepEqual(textsOf(await deliveredTo(wal)), ['a', 'b'])
    },
    unfenced,
  )
}

/** An opening record of the same term whose time tick is not above all counted: its writer died before it stored another. */
async function openBehind(scene: Scene): Promise<void> {
  const [opening] = await readAll(await scene.reader())
  const { payload, properties } = opening ?? assert.fail('the log has no opening record')
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

/** A backend that fences a writer for no reason, when told to, and whose next open waits to be let go. */
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
      throw new AppendError('WAL_FENCED', 'fenced, for once', { outcome: 'not-written' })
    }
    return withMethods(wal, { append })
  }
}
