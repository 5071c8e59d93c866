import assert from 'node:assert/strict'
import type { MessageId, ReadOnlyWALImpls, ScannerImpls, StartPosition, StoredMessage } from '@wal/walimpls'
import type { AdaptorError, Appended, ReadChoices, ReadOnlyLog } from '../kit/adaptor.js'
import { bytesOf, text, textOf, textsOf } from '../kit/batches.js'
import { describeError } from '../kit/describe-error.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { deliveredTo, readAll, readCount, takeCount } from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f']

/** G8: records that others removed from the middle of a log. Nobody passes over them in silence, or waits for them. */
export function holesPart({ backend, test }: PartContext): void {
  const { loseRecords } = backend
  const { compare, parse, serialise } = backend.builder.messageIds
  const unless = loseRecords === undefined ? 'no `loseRecords` was given' : undefined
  const testHole = (name: string, run: (scene: Scene) => Promise<void>) => test(name, run, unless)

  testHole(
    'what lies before a hole is read, then the scanner says where reading goes on, and from there the rest is read',
    async (scene) => {
      const { wal, all } = await storedLog(scene)
      // The opening record, a, b, then c and d, which are lost; e and f.
      await lose(scene, at(all, 3), at(all, 4))
      for (const log of [await scene.reader(), wal]) {
        assert.equal(textOf((await log.last()) ?? assert.fail('no last record')), 'f')
        for (const maxBytes of [1, 1 << 20])
          for (const first of [0, 1, 2]) {
            const start: StartPosition = first === 0 ? 'oldest' : { from: at(all, first) }
            const scanner = scene.scan(log, start, { maxBytes })
            const { records, error } = await readUpToHole(scanner)
            assert.deepEqual(textsOf(records), textsOf(all.slice(first, 3)))
            await assertGoesOn(log, error, all.slice(5))
            await rejectsWith(scanner.next(), 'WAL_POSITION_TRUNCATED')
            await scanner.close()
          }
      }
    },
  )

  testHole('a scanner that begins in a hole is told, or begins behind it', async (scene) => {
    const { all } = await storedLog(scene)
    await lose(scene, at(all, 3), at(all, 4))
    const reader = await scene.reader()
    for (const lost of [3, 4]) {
      const scanner = scene.scan(reader, { from: at(all, lost) })
      const { records, error } = await readUpToHole(scanner, 2)
      if (error === undefined) assert.deepEqual(textsOf(records), ['e', 'f'])
      else {
        assert.deepEqual(textsOf(records), [])
        await assertGoesOn(reader, error, all.slice(5))
      }
      await scanner.close()
    }
  })

  testHole('a scanner that is open when what comes next is lost is told, or gets it all', async (scene) => {
    const { all } = await storedLog(scene)
    const reader = await scene.reader()
    const scanner = scene.scan(reader, 'oldest', { maxBytes: 1 })
    const before = await readCount(scanner, 1)
    await lose(scene, at(all, 3), at(all, 4))
    const { records, error } = await readUpToHole(scanner, all.length - before.length)
    const given = [...before, ...records]
    assert.deepEqual(
      textsOf(given),
      textsOf(all.slice(0, given.length)),
      'the scanner passed over lost records in silence',
    )
    // Without an error, what it had read ahead was enough.
    if (error !== undefined) await assertGoesOn(reader, error, all.slice(5))
  })

  testHole(
    'where nothing is kept behind a hole, no place to go on is named until something is stored',
    async (scene) => {
      const { wal, all, append } = await storedLog(scene)
      await lose(scene, at(all, 5), at(all, 6))
      const reader = await scene.reader()
      const first = await readUpToHole(scene.scan(reader, 'oldest'))
      assert.deepEqual(textsOf(first.records), textsOf(all.slice(0, 5)))
      assert.equal(placeOf(first.error), undefined, 'the place of a record that is not there')
      const [id] = await append(text('on'))
      assert.ok(compare(id ?? assert.fail(), at(all, 6)) > 0, 'an id of a lost record was given out again')
      const on = (await wal.last()) ?? assert.fail('no last record')
      const again = await readUpToHole(scene.scan(reader, { from: at(all, 4) }))
      assert.deepEqual(textsOf(again.records), ['d'])
      await assertGoesOn(reader, again.error, [on])
    },
  )

  testHole('a log that lost every record is not taken for an empty one', async (scene) => {
    const { all, append } = await storedLog(scene)
    await lose(scene, at(all, 0), at(all, 6))
    const reader = await scene.reader()
    await rejectsWith(reader.last(), 'WAL_POSITION_TRUNCATED')
    const { records, error } = await readUpToHole(scene.scan(reader, 'oldest'))
    assert.deepEqual(records, [])
    assert.equal(placeOf(error), undefined, 'the place of a record that is not there')
    const [id] = await append(text('on'))
    assert.ok(compare(id ?? assert.fail(), at(all, 6)) > 0, 'an id of a lost record was given out again')
    assert.deepEqual(textsOf(await readAll(reader, { from: id as MessageId })), ['on'])
  })

  testHole(
    'through the adaptor: a reader that comes to a hole is told, with a position that works',
    async (scene) => {
      const { results } = await log(scene)
      await loseMessages(scene, results, 'b', 'c')
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
    'through the adaptor: a gap is delivered once, in its place, and every record around it',
    async (scene) => {
      const { results } = await log(scene)
      await loseMessages(scene, results, 'b', 'c')
      for (const each of [await scene.openReader(), await scene.open()])
        assert.deepEqual(await withGaps(each), ['a', 'lost gap', 'd', 'e', 'f'])
    },
  )

  testHole(
    'through the adaptor: a reader that is on its way to a hole is told, or gets it all',
    async (scene) => {
      const { results } = await log(scene)
      const reader = await scene.openReader()
      const scanner = reader.read()
      await takeCount(scanner, 1)
      await loseMessages(scene, results, 'd', 'd')
      const seen = ['a']
      let error: AdaptorError | undefined
      while (error === undefined && seen.length < NAMES.length)
        await scanner.next().then(
          ({ value }) => seen.push(...textsOf([value ?? assert.fail('the scanner ended by itself')])),
          (reason: AdaptorError) => {
            error = reason
          },
        )
      assert.deepEqual(seen, NAMES.slice(0, seen.length), 'the reader passed over a lost record in silence')
      if (error !== undefined) await assertReadsOn(reader, error, ['e', 'f'])
    },
  )

  testHole(
    'through the adaptor: with a hole behind its last time tick a log is opened and written on',
    async (scene) => {
      const { writer, results } = await log(scene)
      await loseMessages(scene, results, 'd', 'd')
      await writer.append({ payload: bytesOf('g') })
      const next = await scene.open()
      await next.append({ payload: bytesOf('h') })
      for (const each of [await scene.openReader(), next])
        assert.deepEqual(await withGaps(each), ['a', 'b', 'c', 'lost gap', 'e', 'f', 'g', 'h'])
    },
  )

  testHole(
    'through the adaptor: truncating at a lost record is refused, and behind the hole it ends that',
    async (scene) => {
      const { writer, results } = await log(scene)
      await loseMessages(scene, results, 'b', 'c')
      await rejectsWith(writer.truncate(messageOf(results, 'c').position), 'WAL_POSITION_TRUNCATED')
      await writer.truncate(messageOf(results, 'd').position)
      assert.deepEqual(textsOf(await deliveredTo(await scene.openReader())), ['e', 'f'])
    },
  )

  testHole('through the adaptor: a log that lost every record rejects an open at once', async (scene) => {
    const { writer } = await log(scene)
    await writer.close()
    const stored = await readAll(await scene.reader())
    await lose(scene, at(stored, 0), at(stored, stored.length - 1))
    await rejectsWith(scene.open({ openTimeoutMs: scene.patienceMs * 2 }), 'WAL_POSITION_TRUNCATED')
  })

  /** Removes the records with these ids and all in between. */
  async function lose(scene: Scene, from: MessageId, to: MessageId): Promise<void> {
    await loseRecords?.({ channel: scene.channel, from: serialise(from), to: serialise(to) })
  }

  /** The opening record and six more, at the contract. */
  async function storedLog(scene: Scene) {
    const { wal, append } = await scene.writer(1)
    for (const name of NAMES) await append(text(name))
    return { wal, append, all: await readAll(wal) }
  }

  /** Six messages through the adaptor, a time tick in the middle. */
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
    from: string,
    to: string,
  ): Promise<void> {
    const ids = [from, to].map((name) => parse(messageOf(results, name).messageId)) as [MessageId, MessageId]
    await lose(scene, ...ids)
  }

  /** The place that the error names is that of the first record kept behind the hole: all of them are read from there. */
  async function assertGoesOn(
    log: Pick<ReadOnlyWALImpls, 'read'>,
    error: unknown,
    behind: readonly StoredMessage[],
  ): Promise<void> {
    const oldest = placeOf(error)
    assert.equal(oldest, serialise(at(behind, 0)), '`oldest` is not the first record kept behind the hole')
    const rest = await readAll(log, { from: parse(oldest as string) })
    assert.deepEqual(textsOf(rest), textsOf(behind))
  }
}

/** So many records, or those before the error. A scanner that says that it is at the end, or ends, fails the test. */
async function readUpToHole(
  scanner: ScannerImpls,
  count = Number.POSITIVE_INFINITY,
): Promise<{ readonly records: StoredMessage[]; readonly error?: unknown }> {
  const records: StoredMessage[] = []
  while (records.length < count) {
    let batch: readonly StoredMessage[] | undefined
    try {
      batch = await scanner.next()
    } catch (error) {
      return { records, error }
    }
    assert.ok(batch !== undefined, 'the scanner ended by itself')
    const seen = JSON.stringify(textsOf(records))
    assert.ok(batch.length > 0, `behind ${seen} the scanner is at the end, and says nothing of what is lost`)
    records.push(...batch)
  }
  return { records }
}

/** `oldest` of an error that has to be `WAL_POSITION_TRUNCATED`. */
function placeOf(error: unknown): string | undefined {
  const { code, oldest } = (error ?? {}) as { code?: string; oldest?: string }
  assert.equal(code, 'WAL_POSITION_TRUNCATED', describeError(error))
  return oldest
}

/** What is before the hole is delivered, then the error; where it says, reading goes on behind the hole. */
async function assertTold(
  reader: ReadOnlyLog,
  choices: ReadChoices,
  { before, behind }: { readonly before: readonly string[]; readonly behind: readonly string[] },
): Promise<void> {
  const seen: string[] = []
  const told = await (async () => {
    for await (const record of reader.read({ ...choices, until: 'end' })) seen.push(textOf(record))
  })().then(
    () => assert.fail(`the reader came to the end over a hole, with ${JSON.stringify(seen)}`),
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
  const oldest = placeOf(error)
  assert.equal(typeof oldest, 'string', 'WAL_POSITION_TRUNCATED without `oldest`')
  for (const choices of [{ from: oldest as string }, { after: oldest as string }])
    assert.deepEqual(textsOf(await deliveredTo(reader, choices)), behind)
}

/** What a reader that asks for gaps is given up to the end. */
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
  return results.get(name) ?? assert.fail(name)
}

function at(all: readonly StoredMessage[], index: number): MessageId {
  return all[index]?.id ?? assert.fail(`no record ${index}`)
}
