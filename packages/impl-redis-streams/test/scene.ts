import { randomBytes } from 'node:crypto'
import type { RedisServer } from '@wal/brokers'
import {
  type Batch,
  batchOf,
  type OpenerImpls,
  type StoredMessage,
  systemRuntime,
  type WALImpls,
  type WireMessage,
} from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import { redisStreamsBuilder } from '../src/builder.js'
import { optionTable, type RedisStreamsOptions } from '../src/client/options.js'
import type { RedisStreamsOpener } from '../src/opener.js'
import { type LogKeys, logKeys } from '../src/stored/log-keys.js'
import type { RedisStreamsId } from '../src/stored/message-id.js'

export { batchOf }

export function buildOpener(options: RedisStreamsOptions): Promise<RedisStreamsOpener> {
  const read = readOptions<never>(optionTable, options, 'backend "redis-streams"')
  return redisStreamsBuilder.build(read, systemRuntime) as Promise<RedisStreamsOpener>
}

/** Openers and a channel for one test, closed at its end. */
export class Scene implements AsyncDisposable {
  readonly channel = `test-${randomBytes(6).toString('hex')}`
  readonly keys: LogKeys = logKeys('wal:', this.channel)
  readonly #openers: OpenerImpls<RedisStreamsId>[] = []
  readonly #options: RedisStreamsOptions

  constructor(options: RedisStreamsOptions) {
    this.#options = options
  }

  static on({ host, port }: Pick<RedisServer, 'host' | 'port'>, more: RedisStreamsOptions = {}): Scene {
    return new Scene({ hosts: [`${host}:${port}`], ...more })
  }

  async opener(more: RedisStreamsOptions = {}): Promise<RedisStreamsOpener> {
    const opener = await buildOpener({ ...this.#options, ...more })
    this.#openers.push(opener)
    return opener
  }

  async writer(term = 1, opener?: OpenerImpls<RedisStreamsId>): Promise<TestWriter> {
    const incarnation = randomBytes(6).toString('hex')
    const wal = await (opener ?? (await this.opener())).open(this.channel, { term, incarnation })
    const writer = new TestWriter(wal)
    await writer.append(`opening of term ${term}`)
    return writer
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

  constructor(readonly wal: WALImpls<RedisStreamsId>) {}

  batch(...payloads: string[]): Batch {
    const batch = batchOf(this.#sequence, payloads.map(text))
    this.#sequence += payloads.length
    return batch
  }

  append(...payloads: string[]): Promise<readonly RedisStreamsId[]> {
    return this.wal.append(this.batch(...payloads))
  }
}

export function text(payload: string): WireMessage {
  return { payload: Buffer.from(payload), properties: [] }
}

export const textsOf = (messages: readonly StoredMessage[]) =>
  messages.map(({ payload }) => Buffer.from(payload).toString())

export function scan(
  wal: Pick<WALImpls<RedisStreamsId>, 'read'>,
  start: 'oldest' | 'latest' | { from: RedisStreamsId } = 'oldest',
) {
  return wal.read({ start, maxBytes: 1 << 20 })
}

/** All payloads up to the log's end. */
export async function readAll(
  wal: Pick<WALImpls<RedisStreamsId>, 'read'>,
  start: 'oldest' | { from: RedisStreamsId } = 'oldest',
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

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: { code?: string }) => error.code ?? String(error),
  )
}
