import { randomBytes } from 'node:crypto'
import {
  type Batch,
  batchOf,
  type OpenerImpls,
  type ReadOnlyWALImpls,
  type StoredMessage,
  systemRuntime,
  type WALImpls,
  type WireMessage,
} from '@wal/walimpls'
import { type NumberId, readOptions } from '@wal/walimpls/helper'
import { kafkaBuilder } from '../src/builder.js'
import { type KafkaOptions, optionTable } from '../src/client/options.js'
import type { KafkaOpener } from '../src/opener.js'

export { batchOf }

export function buildOpener(options: KafkaOptions): Promise<KafkaOpener> {
  const read = readOptions<never>(optionTable, options, 'backend "kafka"')
  return kafkaBuilder.build(read, systemRuntime) as Promise<KafkaOpener>
}

/** Openers and a channel for one test, closed at its end. */
export class Scene implements AsyncDisposable {
  readonly channel = `test-${randomBytes(6).toString('hex')}`
  readonly #openers: OpenerImpls<NumberId>[] = []
  readonly #options: KafkaOptions

  constructor(options: KafkaOptions) {
    this.#options = options
  }

  async opener(): Promise<KafkaOpener> {
    const opener = await buildOpener(this.#options)
    this.#openers.push(opener)
    return opener
  }

  /** A writer that has stored its opening record, and so holds the fence. */
  async writer(term = 1, opener?: OpenerImpls<NumberId>): Promise<TestWriter> {
    const writer = await this.unfencedWriter(term, opener)
    await writer.append(`opening of term ${term}`)
    return writer
  }

  /** A writer that has stored nothing yet. */
  async unfencedWriter(term = 1, opener?: OpenerImpls<NumberId>): Promise<TestWriter> {
    const incarnation = randomBytes(6).toString('hex')
    const from = opener ?? (await this.opener())
    return new TestWriter(await from.open(this.channel, { term, incarnation }))
  }

  async reader() {
    return (await this.opener()).openReadOnly(this.channel)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opener of this.#openers) await opener.close()
  }
}

/** Gives each batch the sequence that core would give it. */
export class TestWriter {
  #sequence = 0

  constructor(readonly wal: WALImpls<NumberId>) {}

  append(...payloads: string[]): Promise<readonly NumberId[]> {
    return this.wal.append(
      this.#batch(payloads.map((payload) => ({ payload: Buffer.from(payload), properties: [] }))),
    )
  }

  appendMessage(message: WireMessage): Promise<readonly NumberId[]> {
    return this.wal.append(this.#batch([message]))
  }

  #batch(messages: WireMessage[]): Batch {
    const batch = batchOf(this.#sequence, messages)
    this.#sequence += messages.length
    return batch
  }
}

export const textsOf = (messages: readonly StoredMessage[]) =>
  messages.map(({ payload }) => Buffer.from(payload).toString())

export function scan(
  wal: Pick<ReadOnlyWALImpls<NumberId>, 'read'>,
  start: 'oldest' | 'latest' | { from: NumberId } = 'oldest',
) {
  return wal.read({ start, maxBytes: 1 << 20 })
}

/** All payloads up to the log's end. */
export async function readAll(
  wal: Pick<ReadOnlyWALImpls<NumberId>, 'read'>,
  start: 'oldest' | { from: NumberId } = 'oldest',
): Promise<string[]> {
  const scanner = scan(wal, start)
  const all: string[] = []
  try {
    for (;;) {
      const messages = await scanner.next()
      if (messages === undefined || messages.length === 0) return all
      all.push(...textsOf(messages))
    }
  } finally {
    await scanner.close()
  }
}
