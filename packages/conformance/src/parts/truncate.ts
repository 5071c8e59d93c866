import assert from 'node:assert/strict'
import type { MessageId, ScannerImpls, StoredMessage, WALImpls } from '@wal/walimpls'
import { bytesOf, numbers, text, textOf, textsOf } from '../kit/batches.js'
import { describeError } from '../kit/describe-error.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { deliveredTo, readAll, readCount } from '../kit/reading.js'

/** G11 and G8: what is let go of is gone for good, nothing else is, and nobody passes over it unawares. */
export function truncatePart({ backend, test, traits }: PartContext): void {
  const { compare, parse } = backend.builder.messageIds
  const names = numbers(10)

  /** What is below may be gone or, with coarse granularity, still there. It is never left out in silence. */
  async function assertTruncated(
    wal: Pick<WALImpls, 'read'>,
    all: readonly StoredMessage[],
    kept: number,
  ): Promise<void> {
    const tail = textsOf(all.slice(kept))
    const oldest = textsOf(await readAll(wal, 'oldest'))
    if (traits.truncation === 'record') assert.deepEqual(oldest, tail)
    assert.deepEqual(oldest.slice(-tail.length), tail, 'truncate freed too much')
    assert.deepEqual(textsOf(await readAll(wal, { from: at(all, kept) })), tail)
    for (const below of all.slice(0, kept)) {
      const scanner = wal.read({ start: { from: below.id }, maxBytes: 1024 })
      try {
        const first = await firstOf(scanner)
        if ('record' in first) {
          assert.equal(textOf(first.record), textOf(below), 'truncated records were passed over in silence')
          assert.notEqual(traits.truncation, 'record', `"${textOf(below)}" was truncated and is delivered`)
        } else {
          const { code, oldest: begin } = first.error as { code?: string; oldest?: string }
          assert.equal(code, 'WAL_POSITION_TRUNCATED', describeError(first.error))
          assert.equal(typeof begin, 'string', 'WAL_POSITION_TRUNCATED without `oldest`')
          assert.ok(compare(parse(begin as string), below.id) > 0, `oldest ${begin} is below what is gone`)
          assert.ok(
            compare(parse(begin as string), at(all, kept)) <= 0,
            `oldest ${begin} passes over records`,
          )
          await rejectsWith(scanner.next(), 'WAL_POSITION_TRUNCATED')
        }
      } finally {
        await scanner.close()
      }
    }
  }

  test('truncate frees what is below, for good, and goes only forward', async (scene) => {
    const { wal, append, opener } = await scene.writer(1)
    await append(...names.map((name) => text(name)))
    const all = await readAll(wal)
    await wal.truncate(at(all, 5))
    await assertTruncated(wal, all, 5)
    await wal.truncate(at(all, 2))
    await assertTruncated(wal, all, 5)
    await wal.truncate(at(all, 7))
    await opener.close()
    await assertTruncated(await scene.reader(), all, 7)
    const next = await scene.writer(2)
    await assertTruncated(next.wal, [...all, ...(await readAll(next.wal)).slice(-1)], 7)
  })

  test('a log that was opened before sees what another opener truncates', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const reader = await scene.reader()
    await append(...names.map((name) => text(name)))
    const all = await readAll(reader)
    await wal.truncate(at(all, 4))
    await assertTruncated(reader, all, 4)
    await wal.truncate(at(all, 8))
    await assertTruncated(reader, all, 8)
  })

  test('the last record is never freed and ids go on rising', async (scene) => {
    const { wal, append, opener } = await scene.writer(1)
    const ids = await append(text('a'), text('b'))
    await wal.truncate(ids[1] ?? assert.fail())
    const last = await wal.last()
    assert.equal(last && textOf(last), 'b')
    const [above] = await append(text('c'))
    await wal.truncate(above ?? assert.fail())
    await opener.close()
    const { wal: later, opening } = await scene.writer(2)
    assert.ok(compare(opening, above) > 0)
    assert.deepEqual(textsOf((await readAll(later)).slice(-2)), ['c', 'opening of term 2'])
  })

  test('a reader that is overtaken by truncation is told, or gets everything', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const scanner = scene.scan(wal, 'oldest', { maxBytes: 10 })
    await readCount(scanner, 1)
    await append(...names.map((name) => text(name.repeat(10))))
    const all = await readAll(wal)
    await wal.truncate(at(all, 9))
    const seen = await readUpTo(scanner, all.length - 1)
    const expected = all.slice(1, 1 + seen.records.length)
    assert.deepEqual(textsOf(seen.records), textsOf(expected), 'a record was passed over')
    // Without an error, what it had read ahead was enough.
    if (seen.error !== undefined) {
      assert.equal(
        (seen.error as { code?: string }).code,
        'WAL_POSITION_TRUNCATED',
        describeError(seen.error),
      )
      assert.ok(seen.records.length < 8, 'it was told of a gap where none is')
    }
    await scanner.close()
  })

  test('an id of another backend truncates nothing', async (scene) => {
    const { wal, append } = await scene.writer(1)
    await append(text('a'))
    await rejectsWith(wal.truncate({ backend: 'another' }), 'WAL_INVALID_ARGUMENT')
    assert.equal((await readAll(wal)).length, 2)
  })

  test('through the adaptor: the log begins behind the position, exactly, for everybody, for good', async (scene) => {
    const wal = await scene.open()
    const positions: string[] = []
    for (const name of names) positions.push((await wal.append({ payload: bytesOf(name) })).position)
    const at = (index: number): string => positions[index] as string
    await wal.truncate(at(4))
    await wal.truncate(at(1))
    const reader = await scene.openReader()
    await wal.close()
    const later = await scene.open()
    for (const log of [reader, later]) {
      assert.deepEqual(textsOf(await deliveredTo(log)), names.slice(5))
      assert.deepEqual(textsOf(await deliveredTo(log, { after: at(4) })), names.slice(5))
      assert.deepEqual(textsOf(await deliveredTo(log, { from: at(5) })), names.slice(5))
      for (const below of [{ from: at(4) }, { from: at(0) }, { after: at(3) }]) {
        const error = await deliveredTo(log, below).then(
          () => assert.fail('it read below the truncation point'),
          (reason: { code: string; oldest?: string }) => reason,
        )
        assert.equal(error.code, 'WAL_POSITION_TRUNCATED')
        // The place that it names can be read from.
        assert.deepEqual(textsOf(await deliveredTo(log, { from: error.oldest ?? '' })), names.slice(5))
      }
    }
    await later.append({ payload: bytesOf('behind') })
    assert.deepEqual(textsOf(await deliveredTo(later)), [...names.slice(5), 'behind'])
  })

  test('through the adaptor: truncating everything leaves an empty log that goes on', async (scene) => {
    const wal = await scene.open()
    await wal.append({ payload: bytesOf('a') })
    const { position } = await wal.append({ payload: bytesOf('b') })
    await wal.truncate(position)
    assert.deepEqual(await deliveredTo(wal), [])
    await wal.close()
    const again = await scene.open()
    await again.append({ payload: bytesOf('c') })
    assert.deepEqual(textsOf(await deliveredTo(again)), ['c'])
    assert.deepEqual(textsOf(await deliveredTo(again, { after: position })), ['c'])
  })
}

/** The first record, or what came in its place. */
async function firstOf(
  scanner: ScannerImpls,
): Promise<{ readonly record: StoredMessage } | { readonly error: unknown }> {
  const { records, error } = await scanner.ready().then(
    () => readUpTo(scanner, 1),
    (reason: unknown) => ({ records: [], error: reason }),
  )
  const [record] = records
  return record === undefined ? { error } : { record }
}

/** So many records, or those before the error that ended the scanner. */
async function readUpTo(
  scanner: ScannerImpls,
  count: number,
): Promise<{ readonly records: readonly StoredMessage[]; readonly error?: unknown }> {
  const records: StoredMessage[] = []
  while (records.length < count) {
    let batch: readonly StoredMessage[] | undefined
    try {
      batch = await scanner.next()
    } catch (error) {
      return { records, error }
    }
    records.push(...(batch ?? assert.fail('the scanner ended by itself')))
  }
  return { records }
}

function at(all: readonly StoredMessage[], index: number): MessageId {
  return all[index]?.id ?? assert.fail('nothing there')
}
