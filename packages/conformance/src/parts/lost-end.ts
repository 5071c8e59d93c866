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
/**
 * The number of messages that the new writer appends. More than were lost, so the new ids pass the highest id that any reader
 * or writer knew before.
 */
const NEW = ['1', '2', '3', '4', '5', '6', '7', '8']

/**
 * G8: a log that was put back to an older state. Example: a to f are stored; the log is put back to a, b, c; a new writer
 * appends 1 to 8. Every reader and writer that knew d, e or f must be told `WAL_LOG_ROLLED_BACK`, and reading from its
 * `resumeAt` gives 1 to 8.
 */
export function lostEndPart({ backend, test }: PartContext): void {
  const { saveState } = backend
  const doesNotApply = saveState === undefined ? 'The hook `saveState` was not given.' : undefined
  const testLoss = (name: string, run: (scene: Scene) => Promise<void>) => test(name, run, { doesNotApply })

  testLoss('an idle writer is told that its log lost its end, though nobody else writes', async (scene) => {
    const { writer, putBack } = await lostLog(scene, { fenceCheckMs: 20 })
    await putBack()
    const error = await endOf(scene, writer)
    await assertReadsOn(scene, error, [])
    await goOn(scene)
    await assertReadsOn(scene, error, NEW)
  })

  testLoss(
    'a busy writer is told that its log lost its end, and each of its appends has an outcome',
    async (scene) => {
      const { writer, putBack } = await lostLog(scene, { fenceCheckMs: 20 })
      let acks = 0
      const loops = ['x', 'y', 'z'].map((name) =>
        awaitedLater(async () => {
          for (let i = 0; !writer.signal.aborted; i++) {
            const outcome = await outcomeOf(writer.append({ payload: bytesOf(`${name}${i}`) }))
            // When appends are refused at once, this loop must still give the event loop turns.
            await pause(1)
            if (outcome === 'acked') acks++
            else
              assert.match(
                outcome,
                /^(not-written|unknown)$/,
                'An append of a writer whose log lost its end rejected without an outcome.',
              )
          }
        }),
      )
      await scene.waiting.until('more than ten appends of the writer are acked', () => acks > 10)
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
    },
  )

  testLoss(
    'a reader that tails is told that the log lost its end before it is given another record',
    async (scene) => {
      const { putBack, reader, writer } = await lostLog(scene)
      const tail = reader.read()
      const known = [...KEPT, ...LOST]
      assert.deepEqual(textsOf(await takeCount(tail, known.length)), known)
      // A record that is delivered while the reader waits proves that the reader has an open scanner in the backend. That
      // scanner, not a new one, has to notice the loss.
      const live = awaitedLater(() => takeCount(tail, 1))
      for (const record of recordsOf(['g'])) await writer.append(record)
      assert.deepEqual(textsOf(await live), ['g'])
      const next = awaitedLater(() => tail.next())
      await putBack()
      await goOn(scene)
      await assertTold(scene, next, NEW)
    },
  )

  testLoss('a reader whose connection was cut meanwhile is told that the log lost its end', async (scene) => {
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
    'a reader that resumes at a lost message is told, on a read-only WAL and on that of the next writer',
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

  testLoss('resolve() of an append that was sent behind a lost message rejects', async (scene) => {
    const faults = new Faults()
    const { writer, putBack } = await lostLog(scene, {
      builder: faultyBuilder(scene.builder, faults),
      closeTimeoutMs: 0,
    })
    faults.plan = { script: { append: (): Fault => 'cut' } }
    const sent = writer.append({ payload: bytesOf('never stored') }, { timeoutMs: 30 })
    const { token } = await rejectionOf(sent)
    assert.ok(token !== undefined, 'An append with an unknown outcome has no token.')
    await writer.close()
    await putBack()
    const next = await goOn(scene)
    for (const log of [await scene.openReader(), next]) await assertTold(scene, log.resolve(token), NEW)
  })

  testLoss('truncate at a lost message is refused and truncates nothing', async (scene) => {
    const { putBack, lost } = await lostLog(scene)
    await putBack()
    const next = await goOn(scene)
    for (const { position } of lost) await assertTold(scene, next.truncate(position), NEW)
    for (const log of [await scene.openReader(), next])
      assert.deepEqual(textsOf(await deliveredTo(log)), [...KEPT, ...NEW])
  })

  testLoss('a reader or writer that knew of no lost message can read, truncate and append', async (scene) => {
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

  /** A log of six messages, with the state saved after the third. `putBack` restores that state. */
  async function lostLog(scene: Scene, options: Partial<AdaptorOptions> = {}) {
    const writer = await scene.open(options)
    const kept = await writer.appendBatch(recordsOf(KEPT))
    await writer.barrier()
    const saved = (await saveState?.(scene.channel)) ?? assert.fail('saveState() answered nothing.')
    const lost: Appended[] = []
    for (const record of recordsOf(LOST)) lost.push(await writer.append(record))
    await writer.barrier()
    const reader = await scene.openReader()
    return { writer, reader, kept, lost, putBack: async () => saved.putBack() }
  }

  /** Opens a new writer, as another process would, and appends the new messages. */
  async function goOn(scene: Scene): Promise<WriterLog> {
    const next = await scene.open()
    for (const record of recordsOf(NEW)) await next.append(record)
    return next
  }

  async function endOf({ waiting }: Scene, writer: WriterLog): Promise<AdaptorError> {
    await waiting.until('the writer is told that its log lost its end', () => writer.signal.aborted)
    const reason = writer.signal.reason as AdaptorError
    assert.equal(reason.code, 'WAL_LOG_ROLLED_BACK', toldOtherwise(reason))
    return reason
  }

  /** The call has to reject with `WAL_LOG_ROLLED_BACK`. Read from its `resumeAt`, the log gives what was stored since. */
  async function assertTold(
    scene: Scene,
    promise: Promise<unknown>,
    since: readonly string[],
  ): Promise<void> {
    const error = await rejectionOf(promise)
    assert.equal(error.code, 'WAL_LOG_ROLLED_BACK', toldOtherwise(error))
    await assertReadsOn(scene, error, since)
  }

  async function assertReadsOn(
    scene: Scene,
    { resumeAt }: AdaptorError,
    since: readonly string[],
  ): Promise<void> {
    assert.equal(typeof resumeAt, 'string', 'The WAL_LOG_ROLLED_BACK error has no `resumeAt`.')
    const reader = await scene.openReader()
    for (const choices of [{ after: resumeAt as string }, { from: resumeAt as string }])
      assert.deepEqual(textsOf(await deliveredTo(reader, choices)), since)
    await reader.close()
  }
}

const toldOtherwise = (error: unknown) =>
  `The log lost its end, so the error had to be WAL_LOG_ROLLED_BACK. It was: ${describeError(error)}`

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
    (value) =>
      assert.fail(
        `The log lost its end, so the call had to reject with WAL_LOG_ROLLED_BACK. It succeeded with ${JSON.stringify(value)}.`,
      ),
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
