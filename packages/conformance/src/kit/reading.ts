import assert from 'node:assert/strict'
import type { MessageId, ReadOnlyWALImpls, ScannerImpls, StartPosition, StoredMessage } from '@wal/walimpls'
import type { DeliveredRecord, LogScanner, ReadChoices, ReadOnlyLog } from './adaptor.js'
import { textsOf } from './batches.js'
import { describeError } from './describe-error.js'
import { awaitedLater } from './patience.js'

type Readable<I extends MessageId> = Pick<ReadOnlyWALImpls<I>, 'read'>

/** The error when `next` of a scanner without end resolved to undefined, although nobody closed the scanner. */
export const ENDED_BY_ITSELF =
  'The scanner ended by itself: next() answered undefined, though nothing was closed. At the end of the log next() has to wait.'

/** Reads until the scanner says that it is at the log's end, with an empty array. */
export async function readToEnd<I extends MessageId>(scanner: ScannerImpls<I>): Promise<StoredMessage<I>[]> {
  const all: StoredMessage<I>[] = []
  for (;;) {
    const messages = await scanner.next()
    assert.ok(messages !== undefined, ENDED_BY_ITSELF)
    if (messages.length === 0) return all
    all.push(...messages)
  }
}

/**
 * Reads at least this many records. The scanner may say meanwhile that it is at the log's end, since a record of another
 * process may arrive later.
 */
export function readCount<I extends MessageId>(
  scanner: ScannerImpls<I>,
  count: number,
): Promise<StoredMessage<I>[]> {
  const all: StoredMessage<I>[] = []
  return awaitedLater(async () => {
    while (all.length < count) all.push(...((await scanner.next()) ?? assert.fail(ENDED_BY_ITSELF)))
    return all
  })
}

export interface ReadUpTo {
  /** Reading stops after this many records. Default: never. */
  readonly count?: number
  /** What to do when the scanner says that it is at the log's end: ask it again, or fail the test. */
  readonly atEnd: 'ask again' | 'fail'
}

/**
 * Reads until the scanner rejects, or has given the wanted number of records. `error` is undefined when the scanner did not
 * reject.
 */
export async function readUpToError(
  scanner: ScannerImpls,
  { count = Number.POSITIVE_INFINITY, atEnd }: ReadUpTo,
): Promise<{ readonly records: StoredMessage[]; readonly error?: unknown }> {
  const records: StoredMessage[] = []
  while (records.length < count) {
    let batch: readonly StoredMessage[] | undefined
    try {
      batch = await scanner.next()
    } catch (error) {
      return { records, error }
    }
    assert.ok(batch !== undefined, ENDED_BY_ITSELF)
    const seen = JSON.stringify(textsOf(records))
    assert.ok(
      batch.length > 0 || atEnd === 'ask again',
      `After ${seen} the scanner said that it is at the end, though more records were stored. It had to reject with WAL_POSITION_TRUNCATED.`,
    )
    records.push(...batch)
  }
  return { records }
}

/** Reads a whole log with a scanner of its own. */
export async function readAll<I extends MessageId>(
  wal: Readable<I>,
  start: StartPosition<I> = 'oldest',
): Promise<StoredMessage<I>[]> {
  const scanner = wal.read({ start, maxBytes: 1024 * 1024 })
  try {
    return await readToEnd(scanner)
  } finally {
    await scanner.close()
  }
}

/** The id of the record at this index of a list of records. */
export function idAt(all: readonly StoredMessage[], index: number): MessageId {
  return all[index]?.id ?? assert.fail(`The log has ${all.length} records; the test needs record ${index}.`)
}

/**
 * Where reading can go on after this error, which has to be `WAL_POSITION_TRUNCATED`. Undefined when the error names no place.
 */
export function oldestOf(error: unknown): string | undefined {
  const { code, oldest } = (error ?? {}) as { code?: string; oldest?: string }
  assert.equal(
    code,
    'WAL_POSITION_TRUNCATED',
    `The call had to reject with WAL_POSITION_TRUNCATED. It rejected with: ${describeError(error)}`,
  )
  return oldest
}

/** Everything that `@wal/core` delivers up to the log's end. */
export async function deliveredTo(log: ReadOnlyLog, choices: ReadChoices = {}): Promise<DeliveredRecord[]> {
  const all: DeliveredRecord[] = []
  for await (const record of log.read({ until: 'end', ...choices })) all.push(record)
  return all
}

/** The next records that `@wal/core` delivers, exactly this many. */
export function takeCount(scanner: LogScanner, count: number): Promise<DeliveredRecord[]> {
  const all: DeliveredRecord[] = []
  return awaitedLater(async () => {
    while (all.length < count) {
      const { value, done } = await scanner.next()
      assert.ok(!done, `The scanner ended after ${all.length} records; ${count} are stored.`)
      all.push(value)
    }
    return all
  })
}
