import assert from 'node:assert/strict'
import type { ScannerImpls, StoredMessage, WALImpls } from '@wal/walimpls'
import { bytesOf, numbers, text, textOf, textsOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { deliveredTo, idAt, oldestOf, readAll, readCount, readUpToError } from '../kit/reading.js'

/**
 * G11 and G8: truncated records stay away, nothing else is removed, and no reader passes over them in silence. Example: 0 to 9
 * are stored and the log is truncated at 5, which is kept. A scanner from 3 rejects with `WAL_POSITION_TRUNCATED` and names a
 * record from 4 to 5 as `oldest`; where storage is freed by segments, 3 may still be there and is then given.
 */
export function truncatePart({ backend, test, traits }: PartContext): void {
  const { compare, parse } = backend.builder.messageIds
  const names = numbers(10)

  /**
   * `kept` is the index of the first record that is kept. Records below it are gone, or still there when the backend frees
   * whole segments. A scanner that starts at one of them must give it or reject: it must not begin with a later record.
   */
  async function assertTruncated(
    wal: Pick<WALImpls, 'read'>,
    all: readonly StoredMessage[],
    kept: number,
  ): Promise<void> {
    const tail = textsOf(all.slice(kept))
    const oldest = textsOf(await readAll(wal, 'oldest'))
    if (traits.truncation === 'record') assert.deepEqual(oldest, tail)
    assert.deepEqual(
      oldest.slice(-tail.length),
      tail,
      `truncate() removed records at or above the id that it was given. Every record from "${tail[0]}" on had to stay.`,
    )
    assert.deepEqual(textsOf(await readAll(wal, { from: idAt(all, kept) })), tail)
    for (const below of all.slice(0, kept)) {
      const scanner = wal.read({ start: { from: below.id }, maxBytes: 1024 })
      try {
        const first = await firstOf(scanner)
        if ('record' in first) {
          assert.equal(
            textOf(first.record),
            textOf(below),
            'A scanner that starts at a truncated record began with a later one. It has to reject with WAL_POSITION_TRUNCATED.',
          )
          assert.notEqual(
            traits.truncation,
            'record',
            `"${textOf(below)}" lies below the truncation and was given. traits.truncation is record, so it has to be gone.`,
          )
        } else {
          const begin = oldestOf(first.error)
          assert.equal(typeof begin, 'string', 'The WAL_POSITION_TRUNCATED error has no `oldest`.')
          assert.ok(
            compare(parse(begin as string), below.id) > 0,
            `The error names ${begin} as \`oldest\`. That is not above the record that was asked for, which is gone.`,
          )
          assert.ok(
            compare(parse(begin as string), idAt(all, kept)) <= 0,
            `The error names ${begin} as \`oldest\`, but older records are kept: from "${tail[0]}" on.`,
          )
          await rejectsWith(scanner.next(), 'WAL_POSITION_TRUNCATED')
        }
      } finally {
        await scanner.close()
      }
    }
  }

  test('truncate removes the records below its id, also after a reopen, and a lower id changes nothing', async (scene) => {
    const { wal, append, opener } = await scene.writer(1)
    await append(...names.map((name) => text(name)))
    const all = await readAll(wal)
    await wal.truncate(idAt(all, 5))
    await assertTruncated(wal, all, 5)
    await wal.truncate(idAt(all, 2))
    await assertTruncated(wal, all, 5)
    await wal.truncate(idAt(all, 7))
    await opener.close()
    await assertTruncated(await scene.reader(), all, 7)
    const next = await scene.writer(2)
    await assertTruncated(next.wal, [...all, ...(await readAll(next.wal)).slice(-1)], 7)
  })

  test('a log that was opened before another opener truncates no longer gives the truncated records', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const reader = await scene.reader()
    await append(...names.map((name) => text(name)))
    const all = await readAll(reader)
    await wal.truncate(idAt(all, 4))
    await assertTruncated(reader, all, 4)
    await wal.truncate(idAt(all, 8))
    await assertTruncated(reader, all, 8)
  })

  test('truncate at the last record keeps it, and ids go on rising', async (scene) => {
    const { wal, append, opener } = await scene.writer(1)
    const ids = await append(text('a'), text('b'))
    await wal.truncate(ids[1] ?? assert.fail('append() of two records answered one id.'))
    const last = await wal.last()
    assert.equal(last && textOf(last), 'b')
    const [above] = await append(text('c'))
    await wal.truncate(above ?? assert.fail('append() answered no id.'))
    await opener.close()
    const { wal: later, opening } = await scene.writer(2)
    assert.ok(compare(opening, above) > 0)
    assert.deepEqual(textsOf((await readAll(later)).slice(-2)), ['c', 'opening of term 2'])
  })

  test('a scanner whose next records are truncated rejects there, or gives all that it has read ahead', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const scanner = scene.scan(wal, 'oldest', { maxBytes: 10 })
    await readCount(scanner, 1)
    await append(...names.map((name) => text(name.repeat(10))))
    const all = await readAll(wal)
    await wal.truncate(idAt(all, 9))
    const seen = await readUpToError(scanner, { count: all.length - 1, atEnd: 'ask again' })
    const expected = all.slice(1, 1 + seen.records.length)
    assert.deepEqual(
      textsOf(seen.records),
      textsOf(expected),
      'The scanner went on behind truncated records. It had to reject with WAL_POSITION_TRUNCATED.',
    )
    // Without an error the scanner had read all the rest before the truncation.
    if (seen.error !== undefined) {
      oldestOf(seen.error)
      assert.ok(
        seen.records.length < 8,
        'The scanner rejected with WAL_POSITION_TRUNCATED, though its next record is kept.',
      )
    }
    await scanner.close()
  })

  test('truncate at an id of another backend is refused and removes nothing', async (scene) => {
    const { wal, append } = await scene.writer(1)
    await append(text('a'))
    await rejectsWith(wal.truncate({ backend: 'another' }), 'WAL_INVALID_ARGUMENT')
    assert.equal((await readAll(wal)).length, 2)
  })

  test('through the adaptor: after truncate the log begins exactly behind the position, for every reader and after a reopen', async (scene) => {
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
          () => assert.fail('A read that starts below the truncation point succeeded. It had to reject.'),
          (reason: { code: string; oldest?: string }) => reason,
        )
        assert.equal(error.code, 'WAL_POSITION_TRUNCATED')
        // Reading has to work from the position that the error names.
        assert.deepEqual(textsOf(await deliveredTo(log, { from: error.oldest ?? '' })), names.slice(5))
      }
    }
    await later.append({ payload: bytesOf('behind') })
    assert.deepEqual(textsOf(await deliveredTo(later)), [...names.slice(5), 'behind'])
  })

  test('through the adaptor: a log that is truncated at its last message is empty and can be appended to', async (scene) => {
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

/** The first record of a scanner, or the error with which the scanner rejected instead. */
async function firstOf(
  scanner: ScannerImpls,
): Promise<{ readonly record: StoredMessage } | { readonly error: unknown }> {
  const { records, error } = await scanner.ready().then(
    () => readUpToError(scanner, { count: 1, atEnd: 'ask again' }),
    (reason: unknown) => ({ records: [], error: reason }),
  )
  const [record] = records
  return record === undefined ? { error } : { record }
}
