import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { MessageIdCodec } from '@wal/walimpls'
import type { EventBody, HistoryWriterName, ScannerStarted } from '../history/history-event.js'
import type { HistoryWriter } from '../history/history-writer.js'
import { checkHistory } from '../judge/check-history.js'
import type {
  AdaptorError,
  Appended,
  DeliveredRecord,
  LogScanner,
  NewRecord,
  Resolution,
} from '../kit/adaptor.js'
import { bytesOf } from '../kit/batches.js'
import { oneLineEach, withoutNames } from '../kit/one-line-each.js'
import type { Waiting } from '../kit/waiting.js'

/** The property in which a message of the kit's workloads carries the name of its append. */
const NAME = 'append'

const hashOf = (payload: Uint8Array): string =>
  createHash('sha256').update(payload).digest('hex').slice(0, 16)

export function namedRecord(append: string, size: number): NewRecord {
  return { payload: bytesOf(append.padEnd(size, '.')), properties: new Map([[NAME, append]]) }
}

export function invoked(append: string, writer: HistoryWriterName, record: NewRecord): EventBody {
  return { kind: 'append-invoked', append, writer, vchannel: '', payloadHash: hashOf(record.payload) }
}

export function written(append: string, { messageId, timeTick }: Appended): EventBody {
  return { kind: 'append-ok', append, id: messageId, timeTick: `${timeTick}` }
}

/**
 * The event for an append that rejected. An error without an outcome is the reason of the caller's own abort, which came before
 * the message was sent: the message is not written.
 */
export function notAcked(append: string, error: Partial<AdaptorError>): EventBody {
  return error.outcome === 'unknown'
    ? { kind: 'append-unknown', append }
    : { kind: 'append-failed', append, code: error.code ?? 'aborted' }
}

/**
 * The event that `resolve` told an outcome. A token may stand for several appends; `index` is the place of this append among
 * them.
 */
export function resolved(append: string, resolution: Resolution, index = 0): EventBody {
  const result = resolution.outcome === 'not-written' ? undefined : resolution.results[index]
  if (result === undefined) return { kind: 'append-resolved', append, outcome: 'not-written' }
  const { messageId, timeTick } = result
  return { kind: 'append-resolved', append, outcome: 'written', id: messageId, timeTick: `${timeTick}` }
}

export function delivered(scanner: string, record: DeliveredRecord): EventBody {
  const append = record.properties.get(NAME)
  return {
    kind: 'delivered',
    scanner,
    id: record.messageId,
    timeTick: `${record.timeTick}`,
    payloadHash: hashOf(record.payload),
    term: record.term,
    ...(append === undefined ? {} : { append }),
  }
}

export interface RecordedScannerOptions {
  readonly name: string
  readonly scanner: LogScanner
  readonly start: ScannerStarted['start']
  readonly waiting: Waiting
  readonly history: { add(event: EventBody): void }
  /** Called after each record; the reader goes on when the promise resolves. */
  readonly pauseBetween?: () => Promise<void> | undefined
}

/** A reader of a workload, which records in the history what it is given. */
export class RecordedScanner {
  /** The time tick of the last record delivered. */
  reached = 0n
  readonly records: DeliveredRecord[] = []
  readonly #options: RecordedScannerOptions
  /** The error that ended the scanner's loop; undefined when it ended without one. */
  #ended: unknown
  readonly #reading: Promise<void>

  constructor(options: RecordedScannerOptions) {
    this.#options = options
    const { name, start, history } = options
    history.add({ kind: 'scanner-started', scanner: name, start })
    this.#reading = this.#read()
    this.#reading.then(
      () => {
        this.#ended ??= 'the scanner ended by itself'
      },
      (error: unknown) => {
        this.#ended ??= error
      },
    )
  }

  async #read(): Promise<void> {
    const { name, scanner, history, pauseBetween } = this.#options
    for await (const record of scanner) {
      history.add(delivered(name, record))
      this.records.push(record)
      this.reached = record.timeTick
      await pauseBetween?.()
    }
  }

  /** Waits until the reader has been given this time tick, then closes it. Throws when the reader ended before. */
  async upTo(timeTick: bigint): Promise<void> {
    const { name, scanner, waiting, history } = this.#options
    const what = () => `"${name}" has read up to time tick ${timeTick} (now at ${this.reached})`
    await waiting.until(what, () => this.#ended !== undefined || this.reached >= timeTick)
    if (this.reached < timeTick)
      throw new Error(
        `"${name}" ended at time tick ${this.reached}, before ${timeTick}, the time tick of the last message: ${String(this.#ended)}`,
        { cause: this.#ended },
      )
    await scanner.close()
    await this.#reading
    history.add({ kind: 'scanner-reached', scanner: name, timeTick: `${timeTick}` })
  }
}

/** Fails with a line for each kind of rule that the history breaks. */
export function assertKept(history: HistoryWriter, { compare, parse }: MessageIdCodec): void {
  const violations = checkHistory(history.events, { compareIds: (a, b) => compare(parse(a), parse(b)) })
  const report = oneLineEach(violations, {
    kindOf: ({ rule, text }) => `${rule} ${withoutNames(text)}`,
    shown: ({ rule, text, events }, times) =>
      `Rule ${rule} is broken ${times}: ${text} ${JSON.stringify(events)}`,
  })
  assert.ok(violations.length === 0, `The history breaks the rules.\n${report.join('\n')}`)
}
