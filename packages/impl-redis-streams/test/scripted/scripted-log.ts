import type { Batch, BuildWaits, WALImpls } from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import { type SimulatedRuntime, simulatedRuntime } from '@wal/walimpls/testing'
import { redisStreamsBuilder } from '../../src/builder.js'
import { optionTable, type RedisStreamsOptions } from '../../src/client/options.js'
import type { RedisStreamsId } from '../../src/stored/message-id.js'
import { batchOf, text } from '../scene.js'
import { packEntries, type StoredEntry } from './pack-entries.js'
import { ScriptedConnection, type SentCommand, turn } from './scripted-connection.js'

export const CHANNEL = 'orders'
export const WRITER = { term: 3, incarnation: 'mine' } as const
export const WRITER_TEXT = '3 mine'
/** The milliseconds in the ids of the writer, as the server names them. */
export const BASE = 5000

/** What a look finds of a log. */
export interface StoredLog {
  readonly exists?: boolean
  readonly writer?: string
  readonly base?: string
  readonly last?: string
  readonly oldest?: string
  readonly below?: string
  /** The last entry, where it is still there. */
  readonly entry?: StoredEntry
  /** What the server's clock shows; 4,000 when not given, where the one of this process shows 4,500. */
  readonly serverTime?: number
}

/** The answer of the look script. */
export function lookReply({
  exists = false,
  writer = '',
  base = '',
  last = '',
  oldest = '',
  below = '',
  serverTime = 4000,
  entry,
}: StoredLog) {
  return [
    exists ? 1 : 0,
    ...[writer, base, last, oldest, below, `${serverTime}`].map(bytes),
    packEntries(entry === undefined ? [] : [entry]),
  ]
}

/** The answer of the page script. */
export function pageReply(
  entries: readonly StoredEntry[],
  { last = entries.at(-1)?.id ?? '', oldest = '', below = '', ended = true } = {},
) {
  const ends = [last, oldest, below].map(bytes)
  return entries.length === 0 ? [...ends, ended ? 1 : 0] : [...ends, ended ? 1 : 0, packEntries(entries)]
}

/** `count` entries of one writer, from an ordinal on. */
export function entriesFrom(ordinal: number, count: number): StoredEntry[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${BASE}-${ordinal + i}`,
    payload: `message ${ordinal + i}`,
    ...(ordinal + i === 0 ? { previous: '0-0' } : {}),
  }))
}

export const words = (...parts: readonly string[]) => parts.map(bytes)

function bytes(part: string): Buffer {
  return Buffer.from(part)
}

/** The backend on a scripted connection, in virtual time. */
export class ScriptedLog {
  readonly redis: ScriptedConnection
  readonly runtime: SimulatedRuntime = simulatedRuntime({ seed: 1, start: 4500 })

  constructor(stored: StoredLog = {}, redis = new ScriptedConnection()) {
    this.redis = redis
    this.redis.answer('look', () => lookReply(stored))
  }

  async opener(options: Partial<RedisStreamsOptions> = {}, waits: BuildWaits = {}) {
    const given = { client: this.redis.client, ...options }
    const full = readOptions<never>(optionTable, given, 'backend "redis-streams"')
    return redisStreamsBuilder.build(full, this.runtime, waits)
  }

  async writer(options: Partial<RedisStreamsOptions> = {}): Promise<ScriptedWriter> {
    const opener = await this.opener(options)
    return new ScriptedWriter(await opener.open(CHANNEL, WRITER))
  }

  /** A writer whose first batch is stored: it holds the fence, and may have several batches in flight. */
  async writerAtWork(options: Partial<RedisStreamsOptions> = {}): Promise<ScriptedWriter> {
    const writer = await this.writer(options)
    const opening = writer.append(1)
    ;(await this.nextAppend()).reply(words('ok', `${BASE}`))
    await opening
    return writer
  }

  async reader(options: Partial<RedisStreamsOptions> = {}) {
    return (await this.opener(options)).openReadOnly(CHANNEL)
  }

  /** The connection that the backend made from the given one, in order, once it is there. */
  async connection(ordinal: number): Promise<ScriptedConnection> {
    for (let turns = 0; turns < 1000; turns++) {
      const made = this.redis.duplicates[ordinal]
      if (made !== undefined) return made
      await turn()
    }
    throw new Error(`the backend made ${this.redis.duplicates.length} connections`)
  }

  async nextAppend(): Promise<SentAppend> {
    return sentAppend(await this.redis.next('append'))
  }

  /** The same, if it was sent by now. */
  nextAppendNow(): SentAppend | undefined {
    const command = this.redis.nextNow('append')
    return command === undefined ? undefined : sentAppend(command)
  }
}

/** Gives each batch the sequence that core would give it. */
export class ScriptedWriter {
  #sequence = 0

  constructor(readonly wal: WALImpls<RedisStreamsId>) {}

  /** A batch of so many messages that follows the batch before it. */
  batch(count: number): Batch {
    const ordinals = Array.from({ length: count }, (_, i) => this.#sequence + i)
    const batch = batchOf(
      this.#sequence,
      ordinals.map((ordinal) => text(`message ${ordinal}`)),
    )
    this.#sequence += count
    return batch
  }

  /** The ids as text, or the error. It never rejects. */
  append(count: number): Promise<Outcome> {
    return this.send(this.batch(count))
  }

  send(batch: Batch): Promise<Outcome> {
    return this.wal.append(batch).then(
      (ids) => ids.map(String).join(' '),
      (error) => error as FailedAppend,
    )
  }
}

export interface FailedAppend extends Error {
  readonly code: string
  readonly outcome: string
  readonly retryable: boolean
}

export type Outcome = string | FailedAppend

/** `outcome` and `code` of a failed append, the ids of another. */
export function told(outcome: Outcome): string {
  return typeof outcome === 'string' ? outcome : `${outcome.outcome}: ${outcome.code}`
}

/** What the append script was given. */
export interface SentAppend extends SentCommand {
  readonly batch: {
    readonly writer: unknown
    readonly sequence: unknown
    readonly count: unknown
    readonly previous: unknown
    readonly claim: unknown
    readonly known: unknown
    readonly base: unknown
  }
}

function sentAppend(command: SentCommand): SentAppend {
  const [writer, , , sequence, count, previous, claim, known, base] = command.args
  return Object.assign(command, { batch: { writer, sequence, count, previous, claim, known, base } })
}
