import assert from 'node:assert/strict'
import type { ReadOnlyWALImpls, StartPosition, StoredMessage } from '@wal/walimpls'
import { isPassing, pause } from '../kit/patience.js'
import { readAll } from '../kit/reading.js'
import { nameOf } from '../kit/record-name.js'
import type { Scene } from '../kit/scene.js'
import { FlowJudge } from './flow-judge.js'
import { LiveReader } from './live-reader.js'
import { type FlowBatch, WriterInFlow } from './writer-in-flow.js'

/** Acknowledged batches between one strike and the next. */
const ACKS = 4
/** A statement of a connection that broke may still run for a while. */
const LATE_MS = 15

export interface StruckFlowRounds {
  readonly rounds: number
  /** So many in all until a batch has had an unknown outcome, which one must. Default: `rounds`, and none must. */
  readonly mostRounds?: number
}

/**
 * G3 and G4 at the contract while a test strikes from outside: a writer with all its batches in flight, and readers. After
 * every failure, before anything is sent again, the log is looked at: what was told of each batch must be so.
 */
export async function struckFlow(
  scene: Scene,
  { rounds, mostRounds = rounds }: StruckFlowRounds,
  strike: () => Promise<void>,
): Promise<void> {
  const { waiting, builder } = scene
  const ids = builder.messageIds
  const opened = await scene.writer(1)
  const log = await scene.reader()
  const failures: string[] = []
  const writer = new WriterInFlow(opened, 'writer', async (failed, before) => {
    await pause(LATE_MS)
    const start = before === undefined ? 'oldest' : { from: before }
    failures.push(...wronglyTold(failed, await readThrough(scene, log, start)))
  })
  const readers = [writer.writer.wal, log].map(
    (each, i) => new LiveReader(`Reader ${i}`, ids, (start) => scene.scan(each, start), waiting.signal),
  )
  for (let round = 0; round < rounds || (writer.unknowns === 0 && round < mostRounds); round++) {
    const due = writer.acks + ACKS
    await waiting.until(
      () => `${due} batches are acked: ${writer}`,
      () => writer.acks >= due || writer.ending !== undefined,
    )
    if (writer.ending !== undefined) break
    await strike()
  }
  const due = writer.acks + ACKS
  await waiting.until(
    () => `${due} batches are acked after the last strike: ${writer}`,
    () => writer.acks >= due || writer.ending !== undefined,
  )
  writer.stop()
  await writer.ended()
  if (writer.ending !== undefined) throw writer.ending.error
  assert.ok(writer.failures > 0, 'no append failed at any strike: does the hook do what it says?')
  if (writer.unknowns === 0 && mostRounds > rounds)
    failures.push(
      `In ${mostRounds} strikes no batch had an unknown outcome, so nothing is proven about answers that are lost. Either the hook hits no request on its way, or the backend takes a request that was cut off for one that was refused: what was sent may have been stored.`,
    )
  const all = await readThrough(scene, log, 'oldest')
  const end = all.at(-1) ?? assert.fail('the log is empty')
  const verdict = new FlowJudge(ids, all, failures)
  verdict.judgeWriters([writer])
  for (const reader of readers) {
    await waiting.until(
      () => `a reader has reached "${nameOf(end)}": ${reader}`,
      () => reader.hasReached(end),
    )
    verdict.judgeReader(reader)
  }
  verdict.assertKept()
}

/** What of the failed batches is otherwise than their writer was told. */
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
      wrong.push(`A part of the batch of "${first}" is stored.`)
    if (hole !== undefined) wrong.push(`"${first}" was stored although "${hole.names[0]}" before it was not.`)
  }
  return wrong
}

/** Through failures that pass: the connection of the reader broke, too. */
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
