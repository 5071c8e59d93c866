import assert from 'node:assert/strict'
import type { ReadOnlyWALImpls } from '@wal/walimpls'
import { openWriter, writerOf } from '../kit/batches.js'
import { describeError } from '../kit/describe-error.js'
import type { PartContext } from '../kit/part.js'
import { readAll } from '../kit/reading.js'
import { nameOf } from '../kit/record-name.js'
import type { Scene } from '../kit/scene.js'
import { FlowJudge } from '../workload/flow-judge.js'
import { LiveReader } from '../workload/live-reader.js'
import { WriterInFlow } from '../workload/writer-in-flow.js'

const ROUNDS = 30
/** Newer writers that open at the same time, at one term. */
const NEWER = 3
/** A writer that has a successor and goes on for so many batches will never be told. */
const MOST_BEHIND = 50
/** In other openers. One is seldom there in the moment in which a record can be passed over. */
const READERS = 3
/** Batches of the writer that is followed without a takeover. */
const FOLLOWED = 300

/**
 * G6 at the contract, as a race: the older writer is in full flow, with all its batches in flight, when newer ones open. A
 * fence that is looked up before the store, and not in it, lets a batch through here; ids that are drawn before the log is
 * locked make a reader pass over a record that is committed late.
 */
export function takeoverPart({ backend, test, traits }: PartContext): void {
  const { messageIds } = backend.builder

  test('a reader that follows a writer in full flow is given every record, in order', async (scene) => {
    const writer = new WriterInFlow(await scene.writer(1), 'writer')
    const readers = await readersOf(scene, writer)
    await scene.waiting.until(
      () => `${FOLLOWED} batches are acked: ${writer}`,
      () => writer.acks >= FOLLOWED || writer.ending !== undefined,
    )
    await judge(scene, [writer], readers)
  })

  test(
    `taken over in full flow, ${ROUNDS} rounds: nothing of an older writer is acked or stored behind a newer one’s opening record, and readers pass over nothing`,
    async (scene) => {
      let current = new WriterInFlow(await scene.writer(0), 'writer 0')
      const writers = [current]
      const readers = await readersOf(scene, current)
      const failures: string[] = []
      for (let round = 1; round <= ROUNDS; round++) {
        const older = current
        const due = older.acks + 3 + (round % 5)
        await scene.waiting.until(
          () => `${due} batches are acked: ${older}`,
          () => older.acks >= due || older.ending !== undefined,
        )
        if (older.ending !== undefined)
          failures.push(`"${older.name}" was fenced, and no newer writer’s opening record is in the log.`)
        // Every other time the term is that of the writer before: then the later opening record wins.
        const newer = await openAtOnce(scene, Math.floor(round / 2), `writer ${round}`)
        assert.ok(newer.length > 0, 'of writers that open at one term none became the writer')
        writers.push(...newer)
        current = latest(newer)
        for (const each of [older, ...newer]) if (each !== current) await untilFenced(scene, each)
      }
      await scene.waiting.until(
        () => `the last writer has its first batches acked: ${current}`,
        () => current.acks >= 3 || current.ending !== undefined,
      )
      await judge(scene, writers, readers, failures)
    },
    traits.fencing === 'none' ? 'its traits say that it does not fence' : undefined,
  )

  async function readersOf(scene: Scene, { writer }: WriterInFlow): Promise<LiveReader[]> {
    const logs: ReadOnlyWALImpls[] = [writer.wal]
    for (let i = 0; i < READERS; i++) logs.push(await scene.reader())
    const { signal } = scene.waiting
    return logs.map(
      (log, i) => new LiveReader(`Reader ${i}`, messageIds, (start) => scene.scan(log, start), signal),
    )
  }

  /** Those whose opening record was stored: one may be fenced by another before. */
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

  async function untilFenced({ waiting }: Scene, older: WriterInFlow): Promise<void> {
    const most = older.acks + MOST_BEHIND
    await waiting.until(
      () => `an older writer is told: ${older}`,
      () => older.ending !== undefined || older.acks > most,
    )
    older.stop()
    await older.ended()
  }

  async function judge(
    scene: Scene,
    writers: readonly WriterInFlow[],
    readers: readonly LiveReader[],
    failures: readonly string[] = [],
  ): Promise<void> {
    for (const writer of writers) writer.stop()
    for (const writer of writers) await writer.ended()
    const log = await readAll(await scene.reader())
    const end = log.at(-1) ?? assert.fail('the log is empty')
    const verdict = new FlowJudge(messageIds, log, failures)
    verdict.judgeWriters(writers)
    for (const reader of readers) {
      await scene.waiting.until(
        () => `a reader has reached "${nameOf(end)}": ${reader}`,
        () => reader.hasReached(end),
      )
      verdict.judgeReader(reader)
    }
    verdict.assertKept()
  }
}
