import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readOptions } from '../src/helper/index.js'
import {
  type Batch,
  type MessageId,
  type OpenerBuilderImpls,
  type OpenerImpls,
  recordBytes,
  type ScannerImpls,
  type StartPosition,
  type StoredMessage,
  systemRuntime,
  type WALImpls,
  type WireMessage,
  type Writer,
} from '../src/index.js'

export interface ContractOptions {
  /** vitest's `test` or that of node:test. */
  readonly test: (name: string, run: () => Promise<void>) => unknown
  readonly name: string
  // biome-ignore lint/suspicious/noExplicitAny: the tests take every backend.
  readonly builder: OpenerBuilderImpls<any, any>
  /** The options object, or what makes one; called at every opener that the tests build. */
  readonly options: Record<string, unknown> | (() => Record<string, unknown>)
  /** Whether an opening of a lower term than the log's is refused by the backend itself. */
  readonly refusesLowerTerm?: boolean
}

export interface ContractContext extends Omit<ContractOptions, 'test' | 'options'> {
  /** A test with openers of its own, all closed at its end, and a channel name that nobody had before. */
  test(name: string, run: (scene: Scene) => Promise<void>): void
}

export interface Scene {
  readonly channel: string
  opener(): Promise<OpenerImpls>
  /** Opens for writing, with an opener of its own, and appends the first batch of an adaptor: one record. */
  writer(term: number, channel?: string): Promise<TestWriter>
  scan(
    wal: Pick<WALImpls, 'read'>,
    start: StartPosition,
    options?: { maxBytes?: number; signal?: AbortSignal },
  ): ScannerImpls
}

/** Counts the sequence, as the adaptor does. */
export interface TestWriter {
  readonly opener: OpenerImpls
  readonly wal: WALImpls
  readonly opening: MessageId
  batch(...messages: WireMessage[]): Batch
  append(...messages: WireMessage[]): Promise<readonly MessageId[]>
}

export function contractContext(options: ContractOptions): ContractContext {
  const { builder } = options
  const given = () => (typeof options.options === 'function' ? options.options() : options.options)
  const connect = () => builder.build(readOptions(builder.options, given(), options.name), systemRuntime)
  return {
    ...options,
    test(name, run) {
      options.test(`${options.name}: ${name}`, async () => {
        const openers: OpenerImpls[] = []
        const opener = async () => {
          const made = await connect()
          openers.push(made)
          return made
        }
        const channel = `contract-${randomBytes(8).toString('hex')}`
        const scene: Scene = {
          channel,
          opener,
          writer: async (term, other = channel) => openWriter(await opener(), other, writerOf(term)),
          scan: (wal, start, more = {}) => wal.read({ start, maxBytes: 64 * 1024, ...more }),
        }
        try {
          await run(scene)
        } finally {
          for (const each of openers) await each.close()
        }
      })
    },
  }
}

export function writerOf(term: number): Writer {
  return { term, incarnation: randomBytes(8).toString('hex') }
}

export async function openWriter(opener: OpenerImpls, channel: string, writer: Writer): Promise<TestWriter> {
  const wal = await opener.open(channel, writer)
  let sequence = 0
  const batch = (...messages: WireMessage[]): Batch => {
    const made = batchOf(sequence, messages)
    sequence += messages.length
    return made
  }
  const [opening] = await wal.append(batch(text(`opening of term ${writer.term}`)))
  assert(opening !== undefined)
  return { opener, wal, opening, batch, append: (...messages) => wal.append(batch(...messages)) }
}

export function batchOf(sequence: number, messages: readonly WireMessage[]): Batch {
  return { sequence, messages, bytes: messages.reduce((sum, message) => sum + recordBytes(message), 0) }
}

export function text(payload: string, properties: readonly string[] = []): WireMessage {
  return { payload: new TextEncoder().encode(payload), properties }
}

export const textOf = (message: WireMessage) => new TextDecoder().decode(message.payload)
export const textsOf = (messages: readonly WireMessage[]) => messages.map(textOf)

/** Everything up to where the end is met. */
export async function readToEnd<I extends MessageId>(scanner: ScannerImpls<I>): Promise<StoredMessage<I>[]> {
  const all: StoredMessage<I>[] = []
  for (;;) {
    const messages = await scanner.next()
    assert(messages !== undefined, 'the scanner ended by itself')
    if (messages.length === 0) return all
    all.push(...messages)
  }
}

/** At least this many, over end marks: readers in another process may meet the end more often. */
export async function readCount<I extends MessageId>(
  scanner: ScannerImpls<I>,
  count: number,
): Promise<StoredMessage<I>[]> {
  const all: StoredMessage<I>[] = []
  while (all.length < count)
    all.push(...((await scanner.next()) ?? assert.fail('the scanner ended by itself')))
  return all
}

/** Reads a whole log with a scanner of its own. */
export async function readAll(
  wal: Pick<WALImpls, 'read'>,
  start: StartPosition = 'oldest',
): Promise<StoredMessage[]> {
  const scanner = wal.read({ start, maxBytes: 1024 * 1024 })
  try {
    return await readToEnd(scanner)
  } finally {
    await scanner.close()
  }
}

export async function assertWaits(promise: Promise<unknown>, ms = 60): Promise<void> {
  const waiting = Symbol('waiting')
  // Its outcome is the test's business, later.
  promise.catch(() => {})
  const first = await Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms, waiting))])
  assert.equal(first, waiting, 'it should have waited')
}

export const rejectsWith = (promise: Promise<unknown>, code: string) =>
  assert.rejects(promise, (error: { code?: unknown }) => {
    assert.equal(error?.code, code, String(error))
    return true
  })
