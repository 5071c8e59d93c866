import assert from 'node:assert/strict'
import type { MessageId, ReadOnlyWALImpls, StartPosition, StoredMessage } from '@wal/walimpls'
import type { AdaptorError, Appended, ReadChoices, ReadOnlyLog } from '../kit/adaptor.js'
import { bytesOf, text, textOf, textsOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import {
  deliveredTo,
  ENDED_BY_ITSELF,
  idAt,
  oldestOf,
  readAll,
  readCount,
  readUpToError,
  takeCount,
} from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f']

/** The failure of a test in which an error names a place although no record is kept behind the missing ones. */
const NO_PLACE =
  'The error names `oldest`, though no record is kept behind the hole: nothing can be read there.'
const REUSED = 'The id of a record that was removed was given out again.'

/**
 * G8: records that others removed from the middle of a log. Example: a, b, c, d, e, f are stored, then c and d are removed. A
 * scanner from the beginning gives a and b, then rejects with `WAL_POSITION_TRUNCATED` and names e as `oldest`. It neither
 * goes on to e in silence nor waits for c.
 */
export function holesPart({ backend, test }: PartContext): void {
  const { loseRecords } = backend
  const { compare, parse, serialise } = backend.builder.messageIds
  const doesNotApply = loseRecords === undefined ? 'The hook `loseRecords` was not given.' : undefined
  const testHole = (name: string, run: (scene: Scene) => Promise<void>) => test(name, run, { doesNotApply })

  testHole(
    'a scanner gives the records before a hole, then rejects and names the first record behind it, from which the rest is read',
    async (scene) => {
      const { wal, all } = await storedLog(scene)
      // With the opening record the log has 7 records: 0 to 6. Those with index 3 and 4, c and d, are removed.
      await lose(scene, idAt(all, 3), idAt(all, 4))
      for (const log of [await scene.reader(), wal]) {
        assert.equal(textOf((await log.last()) ?? assert.fail('last() found no record.')), 'f')
        for (const maxBytes of [1, 1 << 20])
          for (const first of [0, 1, 2]) {
            const start: StartPosition = first === 0 ? 'oldest' : { from: idAt(all, first) }
            const scanner = scene.scan(log, start, { maxBytes })
            const { records, error } = await readUpToError(scanner, { atEnd: 'fail' })
            assert.deepEqual(textsOf(records), textsOf(all.slice(first, 3)))
            await assertGoesOn(log, error, all.slice(5))
            await rejectsWith(scanner.next(), 'WAL_POSITION_TRUNCATED')
            await scanner.close()
          }
      }
    },
  )

  testHole(
    'a scanner that starts in a hole rejects, or begins with the first record behind it',
    async (scene) => {
      const { all } = await storedLog(scene)
      await lose(scene, idAt(all, 3), idAt(all, 4))
      const reader = await scene.reader()
      for (const lost of [3, 4]) {
        const scanner = scene.scan(reader, { from: idAt(all, lost) })
        const { records, error } = await readUpToError(scanner, { count: 2, atEnd: 'fail' })
        if (error === undefined) assert.deepEqual(textsOf(records), ['e', 'f'])
        else {
          assert.deepEqual(textsOf(records), [])
          await assertGoesOn(reader, error, all.slice(5))
        }
        await scanner.close()
      }
    },
  )

  testHole(
    'a scanner whose next records are removed rejects there, or gives all that it has read ahead',
    async (scene) => {
      const { all } = await storedLog(scene)
      const reader = await scene.reader()
      const scanner = scene.scan(reader, 'oldest', { maxBytes: 1 })
      const before = await readCount(scanner, 1)
      await lose(scene, idAt(all, 3), idAt(all, 4))
      const { records, error } = await readUpToError(scanner, {
        count: all.length - before.length,
        atEnd: 'fail',
      })
      const given = [...before, ...records]
      assert.deepEqual(
        textsOf(given),
        textsOf(all.slice(0, given.length)),
        'The scanner went on behind records that were removed. It had to reject with WAL_POSITION_TRUNCATED.',
      )
      // If the scanner ended without an error, it must have read all records before they were removed.
      if (error !== undefined) await assertGoesOn(reader, error, all.slice(5))
    },
  )

  testHole(
    'a scanner at a hole with no record behind it rejects without `oldest`, and names one as soon as a record is stored',
    async (scene) => {
      const { wal, all, append } = await storedLog(scene)
      await lose(scene, idAt(all, 5), idAt(all, 6))
      const reader = await scene.reader()
      const first = await readUpToError(scene.scan(reader, 'oldest'), { atEnd: 'fail' })
      assert.deepEqual(textsOf(first.records), textsOf(all.slice(0, 5)))
      assert.equal(oldestOf(first.error), undefined, NO_PLACE)
      const [id] = await append(text('on'))
      assert.ok(compare(id ?? assert.fail('append() answered no id.'), idAt(all, 6)) > 0, REUSED)
      const on = (await wal.last()) ?? assert.fail('last() found no record.')
      const again = await readUpToError(scene.scan(reader, { from: idAt(all, 4) }), { atEnd: 'fail' })
      assert.deepEqual(textsOf(again.records), ['d'])
      await assertGoesOn(reader, again.error, [on])
    },
  )

  testHole('a log all of whose records were removed rejects last() and every scanner', async (scene) => {
    const { all, append } = await storedLog(scene)
    await lose(scene, idAt(all, 0), idAt(all, 6))
    const reader = await scene.reader()
    await rejectsWith(reader.last(), 'WAL_POSITION_TRUNCATED')
    const { records, error } = await readUpToError(scene.scan(reader, 'oldest'), { atEnd: 'fail' })
    assert.deepEqual(records, [])
    assert.equal(oldestOf(error), undefined, NO_PLACE)
    const [id] = await append(text('on'))
    assert.ok(compare(id ?? assert.fail('append() answered no id.'), idAt(all, 6)) > 0, REUSED)
    assert.deepEqual(textsOf(await readAll(reader, { from: id as MessageId })), ['on'])
  })

  testHole(
    'through the adaptor: a reader at a hole rejects with a position from which the rest can be read',
    async (scene) => {
      const { results } = await log(scene)
      await loseMessages(scene, results, ['b', 'c'])
      const reader = await scene.openReader()
      const { position: a } = messageOf(results, 'a')
      const { position: b } = messageOf(results, 'b')
      for (const [choices, before] of [
        [{}, ['a']],
        [{ from: a }, ['a']],
        [{ after: a }, []],
        [{ from: b }, []],
        [{ after: b }, []],
      ] as const)
        await assertTold(reader, choices, { before, behind: ['d', 'e', 'f'] })
    },
  )

  testHole(
    'through the adaptor: with gaps: "deliver" a hole is one gap in its place, between the records around it',
    async (scene) => {
      const { results } = await log(scene)
      await loseMessages(scene, results, ['b', 'c'])
      for (const each of [await scene.openReader(), await scene.open()])
        assert.deepEqual(await withGaps(each), ['a', 'lost gap', 'd', 'e', 'f'])
    },
  )

  testHole(
    'through the adaptor: a reader whose next record is removed rejects there, or delivers all that it has read ahead',
    async (scene) => {
      const { results } = await log(scene)
      const reader = await scene.openReader()
      const scanner = reader.read()
      await takeCount(scanner, 1)
      await loseMessages(scene, results, ['d', 'd'])
      const seen = ['a']
      let error: AdaptorError | undefined
      while (error === undefined && seen.length < NAMES.length)
        await scanner.next().then(
          ({ value }) => seen.push(...textsOf([value ?? assert.fail(ENDED_BY_ITSELF)])),
          (reason: AdaptorError) => {
            error = reason
          },
        )
      assert.deepEqual(
        seen,
        NAMES.slice(0, seen.length),
        'The reader went on behind a record that was removed. It had to reject with WAL_POSITION_TRUNCATED.',
      )
      if (error !== undefined) await assertReadsOn(reader, error, ['e', 'f'])
    },
  )

  testHole(
    'through the adaptor: a log with a hole behind its last time tick record can be opened and appended to',
    async (scene) => {
      const { writer, results } = await log(scene)
      await loseMessages(scene, results, ['d', 'd'])
      await writer.append({ payload: bytesOf('g') })
      const next = await scene.open()
      await next.append({ payload: bytesOf('h') })
      for (const each of [await scene.openReader(), next])
        assert.deepEqual(await withGaps(each), ['a', 'b', 'c', 'lost gap', 'e', 'f', 'g', 'h'])
    },
  )

  testHole(
    'through the adaptor: truncate at a removed record is refused; truncate behind the hole makes the log whole again',
    async (scene) => {
      const { writer, results } = await log(scene)
      await loseMessages(scene, results, ['b', 'c'])
      await rejectsWith(writer.truncate(messageOf(results, 'c').position), 'WAL_POSITION_TRUNCATED')
      await writer.truncate(messageOf(results, 'd').position)
      assert.deepEqual(textsOf(await deliveredTo(await scene.openReader())), ['e', 'f'])
    },
  )

  testHole(
    'through the adaptor: an open of a log all of whose records were removed rejects at once',
    async (scene) => {
      const { writer } = await log(scene)
      await writer.close()
      const stored = await readAll(await scene.reader())
      await lose(scene, idAt(stored, 0), idAt(stored, stored.length - 1))
      await rejectsWith(scene.open({ openTimeoutMs: scene.patienceMs * 2 }), 'WAL_POSITION_TRUNCATED')
    },
  )

  /** Removes the records with these two ids and all records between them. */
  async function lose(scene: Scene, from: MessageId, to: MessageId): Promise<void> {
    await loseRecords?.({ channel: scene.channel, from: serialise(from), to: serialise(to) })
  }

  /** A log of an opening record and six more, appended to the backend directly. */
  async function storedLog(scene: Scene) {
    const { wal, append } = await scene.writer(1)
    for (const name of NAMES) await append(text(name))
    return { wal, append, all: await readAll(wal) }
  }

  /** A log of six messages appended through `@wal/core`, with a time tick record between the third and the fourth. */
  async function log(scene: Scene) {
    const writer = await scene.open({ timeTickMs: 60_000 })
    const results = new Map<string, Appended>()
    for (const name of NAMES) {
      if (name === 'd') await writer.barrier()
      results.set(name, await writer.append({ payload: bytesOf(name) }))
    }
    return { writer, results }
  }

  async function loseMessages(
    scene: Scene,
    results: ReadonlyMap<string, Appended>,
    [from, to]: readonly [from: string, to: string],
  ): Promise<void> {
    const idOf = (name: string) => parse(messageOf(results, name).messageId)
    await lose(scene, idOf(from), idOf(to))
  }

  /** The error has to name the first record behind the hole. Read from there, the log gives all records behind the hole. */
  async function assertGoesOn(
    log: Pick<ReadOnlyWALImpls, 'read'>,
    error: unknown,
    behind: readonly StoredMessage[],
  ): Promise<void> {
    const oldest = oldestOf(error)
    assert.equal(
      oldest,
      serialise(idAt(behind, 0)),
      '`oldest` of the WAL_POSITION_TRUNCATED error has to be the id of the first record behind the hole.',
    )
    const rest = await readAll(log, { from: parse(oldest as string) })
    assert.deepEqual(textsOf(rest), textsOf(behind))
  }
}

/**
 * A read has to deliver the messages before the missing ones, then reject; a read from the position that the error names has to
 * deliver the messages behind them.
 */
async function assertTold(
  reader: ReadOnlyLog,
  choices: ReadChoices,
  { before, behind }: { readonly before: readonly string[]; readonly behind: readonly string[] },
): Promise<void> {
  const seen: string[] = []
  const told = await (async () => {
    for await (const record of reader.read({ ...choices, until: 'end' })) seen.push(textOf(record))
  })().then(
    () =>
      assert.fail(
        `The reader delivered ${JSON.stringify(seen)} and came to the end. At the hole it had to reject with WAL_POSITION_TRUNCATED.`,
      ),
    (error: AdaptorError) => error,
  )
  assert.deepEqual(seen, before)
  await assertReadsOn(reader, told, behind)
}

async function assertReadsOn(
  reader: ReadOnlyLog,
  error: AdaptorError,
  behind: readonly string[],
): Promise<void> {
  const oldest = oldestOf(error)
  assert.equal(typeof oldest, 'string', 'The WAL_POSITION_TRUNCATED error has no `oldest`.')
  for (const choices of [{ from: oldest as string }, { after: oldest as string }])
    assert.deepEqual(textsOf(await deliveredTo(reader, choices)), behind)
}

/** The texts that a reader with `gaps: 'deliver'` is given up to the end, and "lost gap" for a gap of lost records. */
async function withGaps(log: ReadOnlyLog): Promise<string[]> {
  const choices: ReadChoices & { readonly gaps: 'deliver' } = { until: 'end', gaps: 'deliver' }
  const seen: string[] = []
  for await (const each of log.read(choices)) {
    const { kind, reason } = each as { kind?: string; reason?: string }
    seen.push(kind === 'gap' ? `${reason} gap` : textOf(each))
  }
  return seen
}

function messageOf(results: ReadonlyMap<string, Appended>, name: string): Appended {
  return results.get(name) ?? assert.fail(`The test appended no message "${name}".`)
}
