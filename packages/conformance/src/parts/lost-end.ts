import assert from 'node:assert/strict'
import type { Fault } from '@wal/walimpls/testing'
import { Faults, faultyBuilder } from '@wal/walimpls/testing'
import type {
  AdaptorError,
  AdaptorOptions,
  Appended,
  ReadChoices,
  ReadOnlyLog,
  WriterLog,
} from '../kit/adaptor.js'
import { bytesOf, textsOf } from '../kit/batches.js'
import { describeError } from '../kit/describe-error.js'
import type { PartContext } from '../kit/part.js'
import { awaitedLater, pause } from '../kit/patience.js'
import { deliveredTo, takeCount } from '../kit/reading.js'
import { ScannerCutter } from '../kit/scanner-cutter.js'
import type { Scene } from '../kit/scene.js'

const KEPT = ['a', 'b', 'c']
const LOST = ['d', 'e', 'f']
/** More than were lost: ids that are given out again reach beyond those that somebody knows. */
const NEW = ['1', '2', '3', '4', '5', '6', '7', '8']

/** G8: a log that was put back to an older state. Everybody who knew more is told, and reads on where the error says. */
export function lostEndPart({ backend, test }: PartContext): void {
  const { saveState } = backend
  const unless = saveState === undefined ? 'no `saveState` was given' : undefined
  const testLoss = (name: string, run: (scene: Scene) => Promise<void>) => test(name, run, unless)

  testLoss('an idle writer is told, though nobody else writes', async (scene) => {
    const { writer, putBack } = await lostLog(scene, { fenceCheckMs: 20 })
    await putBack()
    const error = await endOf(scene, writer)
    await assertReadsOn(scene, error, [])
    await goOn(scene)
    await assertReadsOn(scene, error, NEW)
  })

  testLoss('a busy writer is told, and every append has an outcome', async (scene) => {
    const { writer, putBack } = await lostLog(scene, { fenceCheckMs: 20 })
    let acks = 0
    const loops = ['x', 'y', 'z'].map((name) =>
      awaitedLater(async () => {
        for (let i = 0; !writer.signal.aborted; i++) {
          const outcome = await outcomeOf(writer.append({ payload: bytesOf(`${name}${i}`) }))
          // A loop that is refused at once must let others have a turn.
          await pause(1)
          if (outcome === 'acked') acks++
          else assert.match(outcome, /^(not-written|unknown)$/, 'an append without an outcome')
        }
      }),
    )
    await scene.waiting.until('the writer has stored some', () => acks > 10)
    await putBack()
    const error = await endOf(scene, writer)
    await Promise.all(loops)
    await goOn(scene)
    const read = textsOf(await deliveredTo(await scene.openReader()))
    assert.deepEqual(read.slice(0, KEPT.length), KEPT)
    assert.deepEqual(read.slice(-NEW.length), NEW)
    const resumed = textsOf(await deliveredTo(await scene.openReader(), { after: error.resumeAt ?? '' }))
    assert.deepEqual(resumed, read.slice(read.length - resumed.length))
    assert.deepEqual(resumed.slice(-NEW.length), NEW)
  })

  testLoss('a reader that tails is told before it is given another record', async (scene) => {
    const { putBack, reader, writer } = await lostLog(scene)
    const tail = reader.read()
    const known = [...KEPT, ...LOST]
    assert.deepEqual(textsOf(await takeCount(tail, known.length)), known)
    // What it is given live proves that it stands in the backend, and looks at nothing again.
    const live = awaitedLater(() => takeCount(tail, 1))
    for (const record of recordsOf(['g'])) await writer.append(record)
    assert.deepEqual(textsOf(await live), ['g'])
    const next = awaitedLater(() => tail.next())
    await putBack()
    await goOn(scene)
    await assertTold(scene, next, NEW)
  })

  testLoss('a reader whose connection was cut meanwhile is told', async (scene) => {
    const cutter = new ScannerCutter(scene.builder)
    const { putBack } = await lostLog(scene)
    const reader = await scene.openReader({ builder: cutter.builder })
    const tail = reader.read()
    await takeCount(tail, KEPT.length + LOST.length)
    const next = awaitedLater(() => tail.next())
    cutter.cut()
    await putBack()
    await goOn(scene)
    cutter.letGo()
    await assertTold(scene, next, NEW)
  })

  testLoss(
    'a reader that resumes at what is gone is told, on a reader’s log and on the next writer’s',
    async (scene) => {
      const { putBack, lost } = await lostLog(scene)
      await putBack()
      const { position: first } = lost[0] as Appended
      const { position: last } = lost.at(-1) as Appended
      const next = await goOn(scene)
      for (const log of [await scene.openReader(), next])
        for (const choices of [
          { after: last, until: 'end' },
          { from: last, until: 'end' },
          { after: first, until: 'end' },
          { after: last },
        ] as const)
          await assertTold(scene, firstOf(log, choices), NEW)
    },
  )

  testLoss('resolving what was sent behind what is gone is told', async (scene) => {
    const faults = new Faults()
    const { writer, putBack } = await lostLog(scene, {
      builder: faultyBuilder(scene.builder, faults),
      closeTimeoutMs: 0,
    })
    faults.plan = { script: { append: (): Fault => 'cut' } }
    const sent = writer.append({ payload: bytesOf('never stored') }, { timeoutMs: 30 })
    const { token } = await rejectionOf(sent)
    assert.ok(token !== undefined, 'an unknown outcome without a token')
    await writer.close()
    await putBack()
    const next = await goOn(scene)
    for (const log of [await scene.openReader(), next]) await assertTold(scene, log.resolve(token), NEW)
  })

  testLoss('truncating at what is gone is refused, and nothing is truncated', async (scene) => {
    const { putBack, lost } = await lostLog(scene)
    await putBack()
    const next = await goOn(scene)
    for (const { position } of lost) await assertTold(scene, next.truncate(position), NEW)
    for (const log of [await scene.openReader(), next])
      assert.deepEqual(textsOf(await deliveredTo(log)), [...KEPT, ...NEW])
  })

  testLoss('one who knew no more than what is there reads, truncates and writes on', async (scene) => {
    const { putBack, kept } = await lostLog(scene)
    await putBack()
    const next = await goOn(scene)
    const { position } = kept.at(-1) as Appended
    for (const log of [await scene.openReader(), next])
      assert.deepEqual(textsOf(await deliveredTo(log, { after: position })), NEW)
    await next.truncate((kept[1] as Appended).position)
    assert.deepEqual(textsOf(await deliveredTo(next)), [...KEPT.slice(2), ...NEW])
    await next.append({ payload: bytesOf('on') })
  })

  /** A log of which a writer and readers know more than will be there when it is put back. */
  async function lostLog(scene: Scene, options: Partial<AdaptorOptions> = {}) {
    const writer = await scene.open(options)
    const kept = await writer.appendBatch(recordsOf(KEPT))
    await writer.barrier()
    const saved = (await saveState?.(scene.channel)) ?? assert.fail()
    const lost: Appended[] = []
    for (const record of recordsOf(LOST)) lost.push(await writer.append(record))
    await writer.barrier()
    const reader = await scene.openReader()
    return { writer, reader, kept, lost, putBack: async () => saved.putBack() }
  }

  /** Another process writes on, behind what is left. */
  async function goOn(scene: Scene): Promise<WriterLog> {
    const next = await scene.open()
    for (const record of recordsOf(NEW)) await next.append(record)
    return next
  }

  async function endOf({ waiting }: Scene, writer: WriterLog): Promise<AdaptorError> {
    await waiting.until('the writer is told that its log lost its end', () => writer.signal.aborted)
    const reason = writer.signal.reason as AdaptorError
    assert.equal(reason.code, 'WAL_LOG_ROLLED_BACK', describeError(reason))
    return reason
  }

  /** It rejects with where to go on, and what was stored since is read from there. */
  async function assertTold(
    scene: Scene,
    promise: Promise<unknown>,
    since: readonly string[],
  ): Promise<void> {
    const error = await rejectionOf(promise)
    assert.equal(error.code, 'WAL_LOG_ROLLED_BACK', describeError(error))
    await assertReadsOn(scene, error, since)
  }

  async function assertReadsOn(
    scene: Scene,
    { resumeAt }: AdaptorError,
    since: readonly string[],
  ): Promise<void> {
    assert.equal(typeof resumeAt, 'string', 'WAL_LOG_ROLLED_BACK without `resumeAt`')
    const reader = await scene.openReader()
    for (const choices of [{ after: resumeAt as string }, { from: resumeAt as string }])
      assert.deepEqual(textsOf(await deliveredTo(reader, choices)), since)
    await reader.close()
  }
}

const recordsOf = (names: readonly string[]) => names.map((name) => ({ payload: bytesOf(name) }))

async function firstOf(log: ReadOnlyLog, choices: ReadChoices): Promise<unknown> {
  const scanner = log.read(choices)
  try {
    const { value, done } = await scanner.next()
    return done ? 'the end' : textsOf([value])[0]
  } finally {
    await scanner.close()
  }
}

function rejectionOf(promise: Promise<unknown>): Promise<AdaptorError> {
  return promise.then(
    (value) => assert.fail(`it should have rejected, and came to ${JSON.stringify(value)}`),
    (error: AdaptorError) => error,
  )
}

async function outcomeOf(append: Promise<unknown>): Promise<string> {
  try {
    await append
    return 'acked'
  } catch (error) {
    return String((error as AdaptorError).outcome)
  }
}
