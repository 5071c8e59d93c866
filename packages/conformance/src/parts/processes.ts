import assert from 'node:assert/strict'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { deliveredTo } from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'
import { Child } from '../processes/child.js'
import { ordinalOf } from '../processes/counted-record.js'
import { CountingReader } from '../processes/counting-reader.js'
import { MergedHistory } from '../processes/merged-history.js'
import type { ProcessTask } from '../processes/process-task.js'
import { assertKept } from '../workload/history-recorder.js'
import { WorkloadHistory } from '../workload/workload-history.js'

const ROUNDS = 3
/** The number of acknowledged appends after which a writer is killed or stopped. */
const ACKS = 30

/** G6, G8, G12, G13 and G18 with writers and readers in processes of their own, which are stopped and killed. */
export function processesPart({ backend, test, traits }: PartContext): void {
  const alone = backend.processes === undefined ? 'The option `processes` was not given.' : undefined
  const takeovers = backend.processes?.takeovers ?? Number(process.env.WAL_TEST_TAKEOVERS ?? ROUNDS)
  const fenceIsNear =
    traits.fencing === 'none' || traits.fencing === 'process'
      ? `traits.fencing is ${traits.fencing}, so a writer in another process is not fenced.`
      : undefined

  test(
    'a process that opens, appends, reads and closes ends by itself',
    async (scene) => {
      const child = start(scene, { role: 'open, append, read, close', name: 'whole' })
      assert.equal(await child.ended(), 0, child.complaints)
      assert.equal(child.ending, '40 read')
    },
    { doesNotApply: alone },
  )

  test(
    'a process that opens a missing log read-only is told so and does not create it',
    async (scene) => {
      for (let i = 0; i < 2; i++) {
        const child = start(scene, { role: 'look for a missing log', name: 'seeker' })
        assert.equal(await child.ended(), 0, child.complaints)
        assert.equal(child.ending, 'WAL_CHANNEL_NOT_FOUND')
      }
      await rejectsWith(scene.openReader(), 'WAL_CHANNEL_NOT_FOUND')
    },
    { doesNotApply: alone },
  )

  test(
    `after a writer is killed under load, ${ROUNDS} times, what was acked is there, ids go on rising, and no reader was given a record that is gone`,
    async (scene) => {
      const story = new Story(scene)
      for (let round = 0; round < ROUNDS; round++) {
        const writer = story.startWriter(`writer${round}`)
        await writer.child.until(() => writer.acks >= ACKS)
        if (round === 0) await story.tail('live')
        await writer.child.until(() => writer.acks >= 2 * ACKS)
        await writer.child.kill()
      }
      await story.judge()
    },
    { doesNotApply: alone },
  )

  test(
    `nothing counts that a writer stores after a takeover during which it was stopped with appends in flight, ${takeovers} times`,
    async (scene) => {
      const story = new Story(scene)
      let older = story.startWriter('writer0')
      await older.child.until(() => older.acks >= ACKS)
      await story.tail('live')
      let inFlight = 0
      for (let round = 1; round <= takeovers; round++) {
        older.child.stop()
        const newer = story.startWriter(`writer${round}`)
        const newerIsIn = () => newer.acks >= ACKS
        const enough = backend.processes?.stoppedHoldsLock ? () => newer.child.started : newerIsIn
        await newer.child.until(enough)
        inFlight += older.open
        older.child.goOn()
        await newer.child.until(newerIsIn)
        assert.equal(await older.child.ended(), 0, older.child.complaints)
        assert.equal(older.child.ending, 'WAL_FENCED')
        older = newer
      }
      await older.child.kill()
      assert.ok(
        inFlight > 0,
        'No append was in flight when its process was stopped, so the test proves nothing about appends in flight.',
      )
      await story.judge()
    },
    { doesNotApply: alone ?? fenceIsNear, patience: Math.max(1, takeovers / ROUNDS) },
  )

  test(
    'a reader of a log that another process truncates gets every record or an error, and goes on at the place that the error names',
    async (scene) => {
      let truncated: { readonly truncated: string; readonly oldest: number } | undefined
      const child = start(scene, { role: 'truncate', name: 'truncating' }, (line) => {
        if ('truncated' in line) truncated = line
      })
      await child.until(() => child.ending !== undefined)
      const reader = await scene.openReader()
      const readers = [0, 0, 2].map((pauseMs) => new CountingReader(reader, pauseMs))
      for (const each of readers) scene.atEnd('closing a reader', () => each.close())
      assert.equal(await child.ended(), 0, child.complaints)
      const last = Number(child.ending?.split(' ')[0]) - 1
      for (const each of readers)
        await scene.waiting.until(
          () => `a reader, at record ${each.reached}, has reached record ${last}`,
          () => each.hasReached(last),
        )
      // A log that was open all the time and a log that is opened now must give the same records.
      const { truncated: position, oldest } =
        truncated ?? assert.fail('The child process ended without truncating.')
      const kept = Array.from({ length: last + 1 - oldest }, (_, i) => oldest + i)
      for (const log of [reader, await scene.openReader()]) {
        assert.deepEqual((await deliveredTo(log)).map(ordinalOf), kept)
        assert.deepEqual((await deliveredTo(log, { after: position })).map(ordinalOf), kept)
        await rejectsWith(deliveredTo(log, { from: position }), 'WAL_POSITION_TRUNCATED')
      }
    },
    { doesNotApply: alone },
  )

  function start(
    scene: Scene,
    task: Pick<ProcessTask, 'role' | 'name'>,
    onLine?: ConstructorParameters<typeof Child>[2],
  ) {
    const { options, processes } = backend
    const given = typeof options === 'string' ? options : scene.options
    const child = new Child(
      processes ?? assert.fail('The option `processes` was not given.'),
      { ...task, options: given, channel: scene.channel },
      onLine,
    )
    scene.atEnd('killing a process', () => child.kill())
    return child
  }

  /** The history of one log that several processes wrote to and this process reads. */
  class Story {
    readonly #events = new MergedHistory()
    readonly #history: WorkloadHistory

    constructor(readonly scene: Scene) {
      this.#history = new WorkloadHistory(this.#events, scene.waiting)
    }

    startWriter(name: string) {
      const writer = {
        acks: 0,
        /** How many appends have no outcome yet. */
        open: 0,
        child: start(this.scene, { role: 'write', name }, (line) => {
          if (!('event' in line)) return
          const { event, at, token } = line
          this.#events.add(event, BigInt(at))
          if (event.kind === 'append-invoked') writer.open++
          else if (event.kind.startsWith('append-')) writer.open--
          if (event.kind === 'append-ok') writer.acks++
          if (event.kind === 'append-unknown' && token !== undefined)
            this.#history.tokens.set(token, [event.append])
        }),
      }
      return writer
    }

    /** Starts a reader in this process, which follows the writers. */
    async tail(name: string): Promise<void> {
      this.#history.read({ name, log: await this.scene.openReader() })
    }

    async judge(): Promise<void> {
      const writer = this.#history.opened(await this.scene.open())
      await this.#history.complete(writer, await this.scene.openReader(), writer.wal)
      assertKept(this.#events.merged(), backend.builder.messageIds)
    }
  }
}
