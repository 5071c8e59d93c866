import assert from 'node:assert/strict'
import type { WriterLog } from '../kit/adaptor.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { deliveredTo } from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'
import { Child } from '../processes/child.js'
import { ordinalOf } from '../processes/counted-record.js'
import { CountingReader } from '../processes/counting-reader.js'
import { MergedHistory } from '../processes/merged-history.js'
import type { ProcessTask } from '../processes/process-task.js'
import {
  assertKept,
  invoked,
  namedRecord,
  RecordedScanner,
  resolved,
  written,
} from '../workload/history-recorder.js'

const ROUNDS = 3
/** Acks of each writer before something is done to it. */
const ACKS = 30

/** G6, G12, G13 and G18 over real processes. */
export function processesPart({ backend, test, traits }: PartContext): void {
  const alone = backend.processes === undefined ? 'no `processes` were given' : undefined
  const takeovers = backend.processes?.takeovers ?? Number(process.env.WAL_TEST_TAKEOVERS ?? ROUNDS)
  const fenceIsNear =
    traits.fencing === 'none' || traits.fencing === 'process'
      ? 'its traits say that it fences no other process'
      : undefined

  test(
    'a process that opens, appends, reads and closes ends by itself',
    async (scene) => {
      const child = start(scene, 'open, append, read, close', 'whole')
      assert.equal(await child.ended(), 0, child.complaints)
      assert.equal(child.ending, '40 read')
    },
    alone,
  )

  test(
    'a process that looks for a missing log does not make one',
    async (scene) => {
      for (let i = 0; i < 2; i++) {
        const child = start(scene, 'look for a missing log', 'seeker')
        assert.equal(await child.ended(), 0, child.complaints)
        assert.equal(child.ending, 'WAL_CHANNEL_NOT_FOUND')
      }
      await rejectsWith(scene.openReader(), 'WAL_CHANNEL_NOT_FOUND')
    },
    alone,
  )

  test(
    `killed under load, ${ROUNDS} rounds: what was acked is there, ids go on rising, readers saw nothing that is gone`,
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
    alone,
  )

  test(
    `stopped over a takeover with appends in flight, ${takeovers} rounds: nothing of the older writer counts afterwards`,
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
      assert.ok(inFlight > 0, 'no append was in flight when its process was stopped')
      await story.judge()
    },
    alone ?? fenceIsNear,
    { patience: Math.max(1, takeovers / ROUNDS) },
  )

  test(
    'truncated in one process and read in another: readers are told, or get everything, and go on where they are told',
    async (scene) => {
      let truncated: { readonly truncated: string; readonly oldest: number } | undefined
      const child = start(scene, 'truncate', 'truncating', (line) => {
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
      // Through the log that was open all the time, and through one opened afterwards.
      const { truncated: position, oldest } = truncated ?? assert.fail('the process truncated nothing')
      const kept = Array.from({ length: last + 1 - oldest }, (_, i) => oldest + i)
      for (const log of [reader, await scene.openReader()]) {
        assert.deepEqual((await deliveredTo(log)).map(ordinalOf), kept)
        assert.deepEqual((await deliveredTo(log, { after: position })).map(ordinalOf), kept)
        await rejectsWith(deliveredTo(log, { from: position }), 'WAL_POSITION_TRUNCATED')
      }
    },
    alone,
  )

  function start(
    scene: Scene,
    role: ProcessTask['role'],
    name: string,
    onLine?: ConstructorParameters<typeof Child>[2],
  ) {
    const { options } = backend
    const given = typeof options === 'string' ? options : scene.options
    const child = new Child(
      backend.processes ?? assert.fail(),
      { role, options: given, channel: scene.channel, name },
      onLine,
    )
    scene.atEnd('killing a process', () => child.kill())
    return child
  }

  /** What several processes did to one log, as this one heard and read it. */
  class Story {
    readonly #history = new MergedHistory()
    readonly #scanners: RecordedScanner[] = []
    readonly #tokens = new Map<string, string>()

    constructor(readonly scene: Scene) {}

    startWriter(name: string) {
      const writer = {
        acks: 0,
        /** Appends without an outcome. */
        open: 0,
        child: start(this.scene, 'write', name, (line) => {
          if (!('event' in line)) return
          const { event, at, token } = line
          this.#history.add(event, BigInt(at))
          if (event.kind === 'append-invoked') writer.open++
          else if (event.kind.startsWith('append-')) writer.open--
          if (event.kind === 'append-ok') writer.acks++
          if (event.kind === 'append-unknown' && token !== undefined) this.#tokens.set(event.append, token)
        }),
      }
      return writer
    }

    /** Reads from now on, while others write. */
    async tail(name: string): Promise<void> {
      const reader = await this.scene.openReader()
      this.#scanners.push(new RecordedScanner(name, reader.read(), this.scene.waiting, this.#history, 'all'))
    }

    async judge(): Promise<void> {
      const wal: WriterLog = await this.scene.open()
      const writer = { term: wal.channel.term, incarnation: 'judge' }
      this.#history.add({ kind: 'opened', writer })
      const record = namedRecord('the end', 10)
      this.#history.add(invoked('the end', writer, record))
      const last = await wal.append(record)
      this.#history.add(written('the end', last))
      await this.tail('truth')
      for (const scanner of this.#scanners) await scanner.upTo(last.timeTick)
      for (const [append, token] of this.#tokens) {
        this.#history.add(resolved(append, await wal.resolve(token)))
      }
      assertKept(this.#history.merged(), backend.builder.messageIds)
    }
  }
}
