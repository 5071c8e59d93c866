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
import type { Waiting } from '../kit/waiting.js'
import { historyReport } from './history-report.js'

/** Messages of the kit's workloads carry their append's name in this property. */
const NAME = 'append'

export const hashOf = (payload: Uint8Array): string =>
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

/** An error without an outcome is the caller's own reason: an abort before it was sent. */
export function notAcked(append: string, error: Partial<AdaptorError>): EventBody {
  return error.outcome === 'unknown'
    ? { kind: 'append-unknown', append }
    : { kind: 'append-failed', append, code: error.code ?? 'aborted' }
}

/** `index`: the append's place among those that the token names. */
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

/** A reader of a workload that notes what it gets. */
export class RecordedScanner {
  reached = 0n
  readonly records: DeliveredRecord[] = []
  #ended: unknown
  readonly #reading: Promise<void>
  readonly #scanner: LogScanner
  readonly #waiting: Waiting
  readonly #history: { add(event: EventBody): void }

  constructor(
    readonly name: string,
    scanner: LogScanner,
    waiting: Waiting,
    history: { add(event: EventBody): void },
    start: ScannerStarted['start'],
    pauseBetween: () => Promise<void> | undefined = () => undefined,
  ) {
    this.#scanner = scanner
    this.#waiting = waiting
    this.#history = history
    history.add({ kind: 'scanner-started', scanner: name, start })
    this.#reading = this.#read(pauseBetween)
    this.#reading.then(
      () => {
        this.#ended ??= 'the scanner ended by itself'
      },
      (error: unknown) => {
        this.#ended ??= error
      },
    )
  }

  async #read(pauseBetween: () => Promise<void> | undefined): Promise<void> {
    for await (const record of this.#scanner) {
      this.#history.add(delivered(this.name, record))
      this.records.push(record)
      this.reached = record.timeTick
      await pauseBetween()
    }
  }

  /** Ends it when it has delivered up to that time tick. */
  async upTo(timeTick: bigint): Promise<void> {
    const what = () => `${this.name} has read up to time tick ${timeTick} (it is at ${this.reached})`
    await this.#waiting.until(what, () => this.#ended !== undefined || this.reached >= timeTick)
    if (this.reached < timeTick)
      throw new Error(`${this.name}: ${String(this.#ended)}`, { cause: this.#ended })
    await this.#scanner.close()
    await this.#reading
    this.#history.add({ kind: 'scanner-reached', scanner: this.name, timeTick: `${timeTick}` })
  }
}

/** Fails with every rule that the history breaks. */
export function assertKept(history: HistoryWriter, { compare, parse }: MessageIdCodec): void {
  const violations = checkHistory(history.events, { compareIds: (a, b) => compare(parse(a), parse(b)) })
  const report = historyReport(violations)
  assert.ok(violations.length === 0, `The history breaks the rules.\n${report.join('\n')}`)
}
