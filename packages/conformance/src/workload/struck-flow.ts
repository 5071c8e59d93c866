import assert from 'node:assert/strict'
import type { ReadOnlyWALImpls, StartPosition, StoredMessage } from '@wal/walimpls'
import { isPassing, pause } from '../kit/patience.js'
import { readAll } from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'
import { FlowJudge } from './flow-judge.js'
import { liveReaders } from './live-reader.js'
import { type FlowBatch, nameOf, WriterInFlow } from './writer-in-flow.js'

/** How many batches are acknowledged between two failures of the server or of its connections. */
const ACKS = 4
/**
 * How many milliseconds to wait before the log is read, since a server may go on for a while with a statement whose connection
 * broke.
 */
const LATE_MS = 15

export interface StruckFlow {
  /** How many times to make the server or its connections fail. */
  readonly rounds: number
  /**
   * Go on with failures, up to this many in all, until some batch has an unknown outcome; the test fails if none ever has.
   * Default: `rounds`, and then no batch need have an unknown outcome.
   */
  readonly mostRounds?: number
  /** Breaks the backend's connections or kills its server. Resolves when that is done. */
  readonly strike: () => Promise<void>
}

/**
 * G3 and G4 of a backend whose connections break or whose server is killed. A writer keeps all its batches in flight while
 * readers follow it. After every failure, before anything is sent again, the log is read: a batch whose append rejected with
 * `not-written` must not be in it, nor a batch behind one that is missing.
 */
export async function struckFlow(
  scene: Scene,
  { rounds, mostRounds = rounds, strike }: StruckFlow,
): Promise<void> {
  const { waiting, builder } = scene
  const opened = await scene.writer(1)
  const log = await scene.reader()
  const failures: string[] = []
  const writer = new WriterInFlow(opened, 'writer', async (failed, before) => {
    await pause(LATE_MS)
    const start = before === undefined ? 'oldest' : { from: before }
    failures.push(...wronglyTold(failed, await readThrough(scene, log, start)))
  })
  const readers = liveReaders(scene, [writer.writer.wal, log])
  for (let round = 0; round < rounds || (writer.unknowns === 0 && round < mostRounds); round++) {
    await writer.untilAcked(writer.acks + ACKS, waiting)
    if (writer.ending !== undefined) break
    await strike()
  }
  await writer.untilAcked(writer.acks + ACKS, waiting)
  writer.stop()
  await writer.ended()
  if (writer.ending !== undefined) throw writer.ending.error
  assert.ok(
    writer.failures > 0,
    'No append failed at any strike, so nothing was tested. Check that the hook breaks connections that have a request under way.',
  )
  if (writer.unknowns === 0 && mostRounds > rounds)
    failures.push(
      `In ${mostRounds} strikes no batch had an unknown outcome, so nothing is proven about lost answers. Either the hook never breaks a connection with an append under way, or the backend says not-written of an append whose connection broke. It must say unknown: the server may have stored the batch.`,
    )
  const verdict = new FlowJudge(builder.messageIds, await readThrough(scene, log, 'oldest'), failures)
  verdict.judgeWriters([writer])
  await verdict.judgeReaders(readers, waiting)
  verdict.assertKept()
}

/**
 * A sentence for each failed batch whose outcome contradicts the log. Example: batches 1, 2 and 3 were in flight and failed. If
 * the log holds 2 and not 1, then 2 was stored behind a hole. If the log holds 1, and 1 was rejected as not written, the
 * outcome was wrong.
 */
function wronglyTold(failed: readonly FlowBatch[], log: readonly StoredMessage[]): string[] {
  const stored = new Set(log.map(nameOf))
  const wrong: string[] = []
  let hole: FlowBatch | undefined
  for (const batch of failed) {
    const [first] = batch.names
    if (!batch.names.some((name) => stored.has(name))) {
      hole ??= batch
      continue
    }
    if (batch.outcome === 'not-written') wrong.push(`"${first}" was rejected as not written, and is stored.`)
    if (!batch.names.every((name) => stored.has(name)))
      wrong.push(`Only a part of the batch that begins with "${first}" is stored.`)
    if (hole !== undefined) wrong.push(`"${first}" was stored although "${hole.names[0]}" before it was not.`)
  }
  return wrong
}

/** Reads the log to its end. The connection may break during the read too; then the read starts again. */
async function readThrough(
  scene: Scene,
  log: ReadOnlyWALImpls,
  start: StartPosition,
): Promise<StoredMessage[]> {
  for (;;) {
    try {
      return await readAll(log, start)
    } catch (error) {
      if (!isPassing(error)) throw error
      await pause(10, scene.waiting.signal)
    }
  }
}
