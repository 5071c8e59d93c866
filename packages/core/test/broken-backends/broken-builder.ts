import { memoryBuilder } from '@wal/core/testing'
import {
  type Batch,
  type OpenerBuilderImpls,
  type OpenerImpls,
  type ReadOnlyWALImpls,
  type ScannerImpls,
  type ScannerOptions,
  type WALImpls,
  WalError,
  type Writer,
} from '@wal/walimpls'
import { type NumberId, notWrittenBehind, numberIdCodec } from '@wal/walimpls/helper'

export type Id = NumberId
// biome-ignore lint/suspicious/noExplicitAny: some of them have options more than the memory backend.
export type Builder = OpenerBuilderImpls<any, Id>
export const ids = numberIdCodec('memory')
export const plus = (id: Id, difference: number): Id => ids.of(id.value + difference)

/** Methods that replace those of the memory backend. */
export interface Breaks {
  readonly builder?: Partial<Builder>
  opener?(opener: OpenerImpls<Id>): Partial<OpenerImpls<Id>>
  /** Methods for the logs that are opened read-only, and for those opened for writing. */
  log?(log: ReadOnlyWALImpls<Id>): Partial<ReadOnlyWALImpls<Id>>
  writer?(wal: WALImpls<Id>, writer: Writer, opener: OpenerImpls<Id>): Partial<WALImpls<Id>>
  scanner?(scanner: ScannerImpls<Id>, options: ScannerOptions<Id>): Partial<ScannerImpls<Id>>
}

export function brokenBuilder(breaks: Breaks, inner: Builder = memoryBuilder()): Builder {
  const scanners = <L extends ReadOnlyWALImpls<Id>>(log: L): L =>
    replacing(log, {
      read: (options: ScannerOptions<Id>) => {
        const scanner = log.read(options)
        return replacing(scanner, breaks.scanner?.(scanner, options))
      },
    } as Partial<L>)
  const broken: Builder = {
    ...inner,
    async build(options, runtime, waits) {
      const opener: OpenerImpls<Id> = await inner.build(options, runtime, waits)
      const logs: OpenerImpls<Id> = replacing(opener, {
        async openReadOnly(channel, more) {
          const log = scanners(await opener.openReadOnly(channel, more))
          return replacing(log, breaks.log?.(log))
        },
        async open(channel, writer, more) {
          const wal = scanners(await opener.open(channel, writer, more))
          const asLog = replacing(wal, breaks.log?.(wal) as Partial<WALImpls<Id>>)
          return replacing(asLog, breaks.writer?.(asLog, writer, opener))
        },
      })
      return replacing(logs, breaks.opener?.(logs))
    },
  }
  return { ...broken, ...breaks.builder }
}

const BEHIND = [notWrittenBehind().message, 'fault injection: not stored, since a batch before it failed']

/** Whether a batch failed only because one before it did: in the memory backend, or by an injected fault. */
export function wasTurnedAway(error: unknown): boolean {
  return WalError.isInstance(error) && BEHIND.includes(error.message)
}

/** The stored records of a channel in the memory backend, which a test may change in ways that the backend does not offer. */
export function storedLog(channel: string): StoredLog | undefined {
  return store('broken')?.get(channel)
}

/** What the memory backend has stored of every channel of a store. */
export function storedLogs(name: string): StoredLog[] {
  return [...(store(name)?.values() ?? [])]
}

function store(name: string): Map<string, StoredLog> | undefined {
  const stores = (globalThis as unknown as Record<symbol, Map<string, Map<string, StoredLog>>>)[
    Symbol.for('@wal/walimpls/memory')
  ]
  return stores?.get(name)
}

interface StoredLog {
  readonly records: unknown[]
  readonly oldest: number
  /** Stores a batch and returns the number of its first record. */
  store(batch: Batch, writer: Writer, fences: boolean): number
  forgetIdleWriter(now: number, maxIdleMs: number): void
}

/** The same object with some of its members replaced. */
export function replacing<T extends object>(target: T, members: Partial<T> | undefined): T {
  if (members === undefined) return target
  return new Proxy(target, {
    get(inner, key) {
      if (Object.hasOwn(members, key)) return members[key as keyof T]
      const value = Reflect.get(inner, key)
      return typeof value === 'function' ? value.bind(inner) : value
    },
    has: (inner, key) => key in members || key in inner,
  })
}
