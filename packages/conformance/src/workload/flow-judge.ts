import assert from 'node:assert/strict'
import type { MessageId, MessageIdCodec, StoredMessage } from '@wal/walimpls'
import { oneLineEach, withoutNames } from '../kit/one-line-each.js'
import { nameOf } from '../kit/record-name.js'
import type { LiveReader } from './live-reader.js'
import type { FlowBatch, WriterInFlow } from './writer-in-flow.js'

/**
 * Judges what writers in full flow left behind: the log as it was read when all was over, who wrote to it, and what
 * readers were given meanwhile. Fails with a line for each rule that is broken.
 */
export class FlowJudge {
  readonly #ids: MessageIdCodec
  readonly #log: readonly StoredMessage[]
  readonly #names: readonly string[]
  /** Place in the log by serialised id. */
  readonly #places: ReadonlyMap<string, number>
  readonly #failures: string[]

  /** `failures`: what was wrong before, a sentence each. */
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

  /** All that ever wrote, in any order: the one whose opening record lies last is the newest. */
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

  /** A reader that read while all this happened has the whole log, each record once, none passed over. */
  judgeReader(reader: LiveReader): void {
    const given = new Set(reader.records.map(({ id }) => this.#ids.serialise(id)))
    for (const [i, { id }] of this.#log.entries())
      if (!given.has(this.#ids.serialise(id))) this.#fail(`${reader.name} passed over "${this.#names[i]}".`)
    for (const [i, record] of reader.records.entries()) {
      const before = reader.records[i - 1]
      if (before !== undefined && this.#ids.compare(before.id, record.id) >= 0)
        this.#fail(`${reader.name} was given "${nameOf(record)}" out of order, or twice.`)
      const place = this.#places.get(this.#ids.serialise(record.id))
      if (place === undefined || this.#names[place] !== nameOf(record))
        this.#fail(`${reader.name} was given "${nameOf(record)}", which is not in the log under its id.`)
    }
  }

  /** Fails with all that was found. */
  assertKept(): void {
    const lines = oneLineEach(this.#failures, withoutNames, (text, times) => `Broken ${times}: ${text}`)
    assert.ok(lines.length === 0, lines.join('\n'))
  }

  #judgeWriter(writer: WriterInFlow, end: number): void {
    const { first, last } = this.#recordsOf(writer)
    for (const { names } of writer.outOfTurn)
      this.#fail(`"${names[0]}" settled before a batch handed in earlier.`)
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
        if ((last.get(name) as number) > end)
          this.#fail(`"${name}" was stored behind a newer writer’s opening record.`)
        if (hole !== undefined)
          this.#fail(`"${name}" was stored although "${hole.names[0]}" before it was not.`)
        else if (place < before) this.#fail(`"${name}" was stored before a record that was sent earlier.`)
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
    if (this.#names[place] !== name) this.#fail(`Under the id of "${name}" lies "${this.#names[place]}".`)
    if (place > end) this.#fail(`"${name}" was acked behind a newer writer’s opening record.`)
  }

  /** First and last place of each record; a batch that was sent again may be there twice. */
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
    if (place === undefined) this.#fail(`${what} was acked and is not in the log.`)
    return place ?? -1
  }

  #fail(text: string): void {
    this.#failures.push(text)
  }
}
