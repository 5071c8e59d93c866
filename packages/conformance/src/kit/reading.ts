import assert from 'node:assert/strict'
import type { MessageId, ReadOnlyWALImpls, ScannerImpls, StartPosition, StoredMessage } from '@wal/walimpls'
import type { DeliveredRecord, LogScanner, ReadChoices, ReadOnlyLog } from './adaptor.js'
import { awaitedLater } from './patience.js'

type Readable<I extends MessageId> = Pick<ReadOnlyWALImpls<I>, 'read'>

/** Everything up to where the end is met. */
export async function readToEnd<I extends MessageId>(scanner: ScannerImpls<I>): Promise<StoredMessage<I>[]> {
  const all: StoredMessage<I>[] = []
  for (;;) {
    const messages = await scanner.next()
    assert.ok(messages !== undefined, 'the scanner ended by itself')
    if (messages.length === 0) return all
    all.push(...messages)
  }
}

/** At least this many, over end marks: readers in another process may meet the end more often. */
export function readCount<I extends MessageId>(
  scanner: ScannerImpls<I>,
  count: number,
): Promise<StoredMessage<I>[]> {
  const all: StoredMessage<I>[] = []
  return awaitedLater(async () => {
    while (all.length < count)
      all.push(...((await scanner.next()) ?? assert.fail('the scanner ended by itself')))
    return all
  })
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

/** Whatever the adaptor delivers up to the log's end. */
export async function deliveredTo(log: ReadOnlyLog, choices: ReadChoices = {}): Promise<DeliveredRecord[]> {
  const all: DeliveredRecord[] = []
  for await (const record of log.read({ until: 'end', ...choices })) all.push(record)
  return all
}

export function takeCount(scanner: LogScanner, count: number): Promise<DeliveredRecord[]> {
  const all: DeliveredRecord[] = []
  return awaitedLater(async () => {
    while (all.length < count) {
      const { value, done } = await scanner.next()
      assert.ok(!done, `the scanner ended after ${all.length} of ${count}`)
      all.push(value)
    }
    return all
  })
}
