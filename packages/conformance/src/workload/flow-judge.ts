import assert from 'node:assert/strict'
import type { MessageId, MessageIdCodec, StoredMessage } from '@wal/walimpls'
import { oneLineEach, withoutNames } from '../kit/one-line-each.js'
import type { Waiting } from '../kit/waiting.js'
import type { LiveReader } from './live-reader.js'
import { type FlowBatch, nameOf, type WriterInFlow } from './writer-in-flow.js'

/**
 * Compares a log, read after all its writers have ended, with the outcomes that the writers got and the records that readers
 * got. Collects a sentence for each contradiction, and fails with all of them.
 */
export class FlowJudge {
  readonly #ids: MessageIdCodec
  readonly #log: readonly StoredMessage[]
  readonly #names: readonly string[]
  /** The index of each record in the log, by the record's serialised id. */
  readonly #places: ReadonlyMap<string, number>
  readonly #failures: string[]

  /** `failures`: sentences about faults that the test found before. */
  constructor(ids: MessageIdCodec, log: readonly StoredMessage[], failures: readonly string[] = []) {
    this.#failures = [...failures]
    this.#ids = ids
    this.#log = log
    this.#names = log.map(nameOf)
    this.#places = new Map(log.map(({ id }, i) => [ids.serialise(id), i]))
    for (const [i, { id }] of log.entries())
      if (i > 0 && ids.compare((log[i - 1] as StoredMessage).id, id) >= 0)
        this.#fail(`The id of "${this.#names[i]}" is not above that of the record before it.`)
  }

  /**
   * Judges every writer of the log. A writer's records may lie only before the opening record of the next writer: with the
   * opening records at 0 (writer A), 7 (B) and 20 (C), records of A may lie at 1 to 6, of B at 8 to 19.
   */
  judgeWriters(writers: readonly WriterInFlow[]): void {
    const opened = writers
      .map((writer) => ({
        writer,
        at: this.#placeOf(writer.writer.opening, `the opening of "${writer.name}"`),
      }))
      .sort((one, other) => one.at - other.at)
    for (const [i, { writer }] of opened.entries())
      this.#judgeWriter(writer, opened[i + 1]?.at ?? this.#log.length)
  }

  /** Waits until each reader has come to the log's last record, then judges what the reader was given. */
  async judgeReaders(readers: readonly LiveReader[], waiting: Waiting): Promise<void> {
    const end = this.#log.at(-1) ?? assert.fail('The log is empty, though records were acked.')
    for (const reader of readers) {
      await waiting.until(
        () => `a reader has reached "${nameOf(end)}" (${reader})`,
        () => reader.hasReached(end),
      )
      this.#judgeReader(reader)
    }
  }

  /** A reader that followed the log has to have every record of it, once and in order. */
  #judgeReader(reader: LiveReader): void {
    const given = new Set(reader.records.map(({ id }) => this.#ids.serialise(id)))
    for (const [i, { id }] of this.#log.entries())
      if (!given.has(this.#ids.serialise(id))) this.#fail(`${reader.name} passed over "${this.#names[i]}".`)
    for (const [i, record] of reader.records.entries()) {
      const before = reader.records[i - 1]
      if (before !== undefined && this.#ids.compare(before.id, record.id) >= 0)
        this.#fail(`${reader.name} was given "${nameOf(record)}" twice or out of order.`)
      const place = this.#places.get(this.#ids.serialise(record.id))
      if (place === undefined || this.#names[place] !== nameOf(record))
        this.#fail(`${reader.name} was given "${nameOf(record)}", which is not in the log under that id.`)
    }
  }

  /** Fails with everything that was found. */
  assertKept(): void {
    const lines = oneLineEach(this.#failures, {
      kindOf: withoutNames,
      shown: (text, times) => `Broken ${times}: ${text}`,
    })
    assert.ok(lines.length === 0, lines.join('\n'))
  }

  /** `end`: the index of the next writer's opening record, or the length of the log. */
  #judgeWriter(writer: WriterInFlow, end: number): void {
    const { first, last } = this.#recordsOf(writer)
    for (const { names } of writer.outOfTurn)
      this.#fail(`The append of "${names[0]}" settled before the append of a batch sent earlier.`)
    for (const { names } of writer.behindFailure) this.#fail(`"${names[0]}" was acked behind a failed batch.`)
    let hole: FlowBatch | undefined
    let before = -1
    for (const batch of writer.batches) {
      for (const [i, name] of batch.names.entries()) {
        if (batch.outcome === 'acked') this.#judgeAcked(name, batch.ids?.[i], end)
        const place = first.get(name)
        if (place === undefined) {
          hole ??= batch
          continue
        }
        if (batch.outcome === 'not-written')
          this.#fail(`"${name}" was rejected as not written, and is stored.`)
        // A record whose outcome is unknown must not be stored behind a newer writer either: the fence had to refuse it.
        if ((last.get(name) as number) > end)
          this.#fail(`"${name}" was stored behind a newer writer’s opening record.`)
        if (hole !== undefined)
          this.#fail(`"${name}" was stored although "${hole.names[0]}" before it was not.`)
        else if (place < before) this.#fail(`"${name}" is stored before a record that was sent earlier.`)
        before = Math.max(before, place)
      }
    }
  }

  #judgeAcked(name: string, id: MessageId | undefined, end: number): void {
    if (id === undefined) {
      this.#fail(`"${name}" was acked without an id.`)
      return
    }
    const place = this.#placeOf(id, `"${name}"`)
    if (place < 0) return
    if (this.#names[place] !== name)
      this.#fail(`The id answered for "${name}" is that of "${this.#names[place]}" in the log.`)
    if (place > end) this.#fail(`"${name}" was acked behind a newer writer’s opening record.`)
  }

  /**
   * The indexes of the first and the last copy of each record of a writer, since a batch that was sent again may be stored
   * twice.
   */
  #recordsOf(writer: WriterInFlow): Readonly<Record<'first' | 'last', ReadonlyMap<string, number>>> {
    const mine = new Set(writer.batches.flatMap(({ names }) => names))
    const first = new Map<string, number>()
    const last = new Map<string, number>()
    for (const [i, name] of this.#names.entries()) {
      if (!mine.has(name)) continue
      if (!first.has(name)) first.set(name, i)
      last.set(name, i)
    }
    return { first, last }
  }

  #placeOf(id: MessageId, what: string): number {
    const place = this.#places.get(this.#ids.serialise(id))
    if (place === undefined)
      this.#fail(`${what} was acked, but no record in the log has the id that was answered.`)
    return place ?? -1
  }

  #fail(text: string): void {
    this.#failures.push(text)
  }
}
