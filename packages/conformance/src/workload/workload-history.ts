import assert from 'node:assert/strict'
import type { EventBody, HistoryWriterName } from '../history/history-event.js'
import type {
  AdaptorError,
  AppendChoices,
  Appended,
  DeliveredRecord,
  NewRecord,
  ReadOnlyLog,
  WriterLog,
} from '../kit/adaptor.js'
import type { Waiting } from '../kit/waiting.js'
import { invoked, namedRecord, notAcked, RecordedScanner, resolved, written } from './history-recorder.js'

/** A writer of a workload, with its name in the history. */
export interface RecordedWriter {
  readonly wal: WriterLog
  readonly name: HistoryWriterName
}

/** A message of a workload, with its name in the history. */
export interface NamedRecord {
  readonly name: string
  readonly record: NewRecord
}

export interface ReaderOptions {
  readonly name: string
  readonly log: ReadOnlyLog
  /** The position behind which the reader starts. Default: the reader starts at the beginning of the log. */
  readonly after?: DeliveredRecord | undefined
  /** Called after each record; the reader goes on when the promise resolves. */
  readonly pauseBetween?: () => Promise<void> | undefined
}

/** Writes down what the writers and readers of a workload do, through `@wal/core`. The history checker judges it later. */
export class WorkloadHistory {
  /** The number of appends by outcome. */
  readonly counts = { acked: 0, 'not written': 0, unknown: 0 }
  /** The number of calls of append that have no outcome yet. */
  inFlight = 0
  /** For each token of an unknown outcome, the names of the messages that the token stands for. */
  readonly tokens = new Map<string, readonly string[]>()
  readonly #history: { add(event: EventBody): void }
  readonly #waiting: Waiting
  #readers: { readonly scanner: RecordedScanner; readonly log: ReadOnlyLog }[] = []

  constructor(history: { add(event: EventBody): void }, waiting: Waiting) {
    this.#history = history
    this.#waiting = waiting
  }

  get readers(): readonly RecordedScanner[] {
    return this.#readers.map(({ scanner }) => scanner)
  }

  /** Records that a writer was opened, and later that its WAL stopped being usable. */
  opened(wal: WriterLog): RecordedWriter {
    const name = { term: wal.channel.term, incarnation: `term${wal.channel.term}` }
    this.#history.add({ kind: 'opened', writer: name })
    wal.signal.addEventListener('abort', () => this.#history.add({ kind: 'fenced', writer: name }), {
      once: true,
    })
    return { wal, name }
  }

  /** Appends in one call and records the outcome of each message. Resolves to the error when the call rejected. */
  async append(
    { wal, name: writer }: RecordedWriter,
    records: readonly NamedRecord[],
    choices: AppendChoices = {},
  ): Promise<AdaptorError | undefined> {
    for (const { name, record } of records) this.#history.add(invoked(name, writer, record))
    const messages = records.map(({ record }) => record)
    const [first] = messages
    let results: readonly Appended[]
    let error: AdaptorError | undefined
    this.inFlight++
    try {
      results =
        messages.length === 1 && first !== undefined
          ? [await wal.append(first, choices)]
          : await wal.appendBatch(messages, choices)
    } catch (reason) {
      error = reason as AdaptorError
      // When a batch fails in the middle, its error has the results of the messages before.
      results = (reason as { results?: Appended[] }).results ?? []
    } finally {
      this.inFlight--
    }
    const names = records.map(({ name }) => name)
    for (const [i, name] of names.entries()) this.#settle(name, results[i], error)
    if (error?.outcome === 'unknown' && error.token !== undefined)
      this.tokens.set(error.token, names.slice(results.length))
    return error
  }

  /** Starts a reader that records what is delivered to it. */
  read({ name, log, after, pauseBetween }: ReaderOptions): RecordedScanner {
    const scanner = new RecordedScanner({
      name,
      scanner: log.read(after === undefined ? {} : { after: after.position }),
      start: after === undefined ? 'all' : { after: `${after.timeTick}` },
      waiting: this.#waiting,
      history: this.#history,
      ...(pauseBetween === undefined ? {} : { pauseBetween }),
    })
    this.#readers.push({ scanner, log })
    return scanner
  }

  /** Called before a log is closed, which ends the log's readers: `complete` must not wait for these. */
  closing(log: ReadOnlyLog): void {
    this.#readers = this.#readers.filter((each) => each.log !== log)
  }

  /**
   * Ends the history. Appends a last message, reads the whole log once more through `clean`, waits until every reader has
   * come to the last message, and resolves every unknown outcome through `resolver`.
   */
  async complete(
    { wal, name: writer }: RecordedWriter,
    clean: ReadOnlyLog,
    resolver: ReadOnlyLog = clean,
  ): Promise<void> {
    const record = namedRecord('the end', 10)
    this.#history.add(invoked('the end', writer, record))
    const last = await wal.append(record)
    this.#history.add(written('the end', last))
    this.read({ name: 'a reader of the whole log at the end', log: clean })
    for (const { scanner } of this.#readers) await scanner.upTo(last.timeTick)
    for (const [token, names] of this.tokens) {
      const resolution = await resolver.resolve(token)
      for (const [i, name] of names.entries()) this.#history.add(resolved(name, resolution, i))
    }
  }

  #settle(name: string, result: Appended | undefined, error: AdaptorError | undefined): void {
    const event =
      result === undefined
        ? notAcked(name, error ?? assert.fail(`The append of "${name}" succeeded without a result.`))
        : written(name, result)
    this.#history.add(event)
    if (event.kind === 'append-ok') this.counts.acked++
    else if (event.kind === 'append-failed') this.counts['not written']++
    else this.counts.unknown++
  }
}
