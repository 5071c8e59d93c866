import assert from 'node:assert/strict'
import type { ReadOnlyWALImpls } from '@wal/walimpls'
import { openWriter, writerOf } from '../kit/batches.js'
import { describeError } from '../kit/describe-error.js'
import type { PartContext } from '../kit/part.js'
import { readAll } from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'
import { FlowJudge } from '../workload/flow-judge.js'
import { type LiveReader, liveReaders } from '../workload/live-reader.js'
import { WriterInFlow } from '../workload/writer-in-flow.js'

const ROUNDS = 30
/** How many newer writers open at the same time, at one term. */
const NEWER = 3
/** An older writer counts as never fenced when this many of its batches are acknowledged after a newer writer opened. */
const MOST_BEHIND = 50
/**
 * How many readers there are, each with an opener of its own. A single reader rarely reads at the moment at which it could miss
 * a record.
 */
const READERS = 3
/** How many batches the readers follow when there is no takeover. */
const FOLLOWED = 300

/**
 * G6 of the backend itself, as a race: newer writers open while the older one appends at full speed, with as many batches in
 * flight as the log allows. Two mistakes show here. A backend that checks its fence before it stores a batch, not in the same
 * step, stores a batch of the older writer behind the newer one's opening record. A backend that draws ids before it locks the
 * log makes readers miss a record: id 5 is drawn, 6 is stored and read, then 5 is stored.
 */
export function takeoverPart({ backend, test, traits }: PartContext): void {
  const { messageIds } = backend.builder

  test('readers that follow a writer at full speed are given every record in order', async (scene) => {
    const writer = new WriterInFlow(await scene.writer(1), 'writer')
    const readers = await readersOf(scene, writer)
    await writer.untilAcked(FOLLOWED, scene.waiting)
    await judge(scene, { writers: [writer], readers })
  })

  test(
    `no record of a writer at full speed is acked or stored behind a newer writer’s opening record, and readers miss nothing, ${ROUNDS} takeovers`,
    async (scene) => {
      let current = new WriterInFlow(await scene.writer(0), 'writer 0')
      const writers = [current]
      const readers = await readersOf(scene, current)
      const failures: string[] = []
      for (let round = 1; round <= ROUNDS; round++) {
        const older = current
        await older.untilAcked(older.acks + 3 + (round % 5), scene.waiting)
        if (older.ending !== undefined)
          failures.push(
            `"${older.name}" was fenced, though the log had no opening record of a newer writer yet.`,
          )
        // The terms are 0, 1, 1, 2, 2, …: in every other round older and newer have one term, and the later opening wins.
        const newer = await openAtOnce(scene, Math.floor(round / 2), `writer ${round}`)
        assert.ok(
          newer.length > 0,
          `${NEWER} writers opened at one term at the same time, and all were fenced. One of them has to become the writer.`,
        )
        writers.push(...newer)
        current = latest(newer)
        for (const each of [older, ...newer]) if (each !== current) await untilFenced(scene, each)
      }
      await current.untilAcked(3, scene.waiting)
      await judge(scene, { writers, readers, failures })
    },
    { doesNotApply: traits.fencing === 'none' ? 'traits.fencing is none.' : undefined },
  )

  /** One reader on the writer's own log, and some in openers of their own. */
  async function readersOf(scene: Scene, { writer }: WriterInFlow): Promise<LiveReader[]> {
    const logs: ReadOnlyWALImpls[] = [writer.wal]
    for (let i = 0; i < READERS; i++) logs.push(await scene.reader())
    return liveReaders(scene, logs)
  }

  /**
   * Opens several writers at the same time. Returns the ones whose opening record was stored; the others may have been fenced
   * before.
   */
  async function openAtOnce(scene: Scene, term: number, name: string): Promise<WriterInFlow[]> {
    const openers = await Promise.all(Array.from({ length: NEWER }, () => scene.opener()))
    const writers = await Promise.all(
      openers.map(async (opener, i) => {
        const opening = await openWriter(opener, scene.channel, writerOf(term)).catch((error) => {
          assert.equal(error.code, 'WAL_FENCED', describeError(error))
        })
        return opening === undefined ? [] : [new WriterInFlow(opening, `${name}${'abc'[i]}`)]
      }),
    )
    return writers.flat()
  }

  function latest(writers: readonly WriterInFlow[]): WriterInFlow {
    return writers.reduce((one, other) =>
      messageIds.compare(one.writer.opening, other.writer.opening) < 0 ? other : one,
    )
  }

  /** Waits until the older writer is fenced, or has shown that it never will be. */
  async function untilFenced({ waiting }: Scene, older: WriterInFlow): Promise<void> {
    const most = older.acks + MOST_BEHIND
    await waiting.until(
      () => `an older writer is fenced (${older})`,
      () => older.ending !== undefined || older.acks > most,
    )
    older.stop()
    await older.ended()
  }

  async function judge(scene: Scene, { writers, readers, failures = [] }: Flow): Promise<void> {
    for (const writer of writers) writer.stop()
    for (const writer of writers) await writer.ended()
    const verdict = new FlowJudge(messageIds, await readAll(await scene.reader()), failures)
    verdict.judgeWriters(writers)
    await verdict.judgeReaders(readers, scene.waiting)
    verdict.assertKept()
  }
}

interface Flow {
  readonly writers: readonly WriterInFlow[]
  readonly readers: readonly LiveReader[]
  /** Sentences about what was wrong already while the writers ran. */
  readonly failures?: readonly string[]
}
