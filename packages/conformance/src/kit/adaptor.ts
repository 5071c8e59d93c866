import type { AppendOutcome, Guarantees, OpenerBuilderImpls, Runtime } from '@wal/walimpls'

// The part of `@wal/core` that the kit uses, as interfaces. A user of the kit passes core's `openWal` in: the kit cannot
// import core, whose own tests depend on this package.

/** `openWal` of `@wal/core`. */
export interface OpenWal {
  (url: string, options: AdaptorOptions & { readonly accessMode: 'ro' }): Promise<ReadOnlyLog>
  (url: string, options: AdaptorOptions & { readonly accessMode?: 'rw' }): Promise<WriterLog>
}

export interface AdaptorOptions {
  readonly channel: string
  readonly term?: number | 'next'
  // biome-ignore lint/suspicious/noExplicitAny: takes every backend.
  readonly builder?: OpenerBuilderImpls<any, any>
  readonly backend?: Readonly<Record<string, unknown>>
  readonly runtime?: Runtime
  readonly signal?: AbortSignal
  readonly budgetBytes?: number
  readonly maxWaitingBytes?: number
  readonly batchBytes?: number
  readonly timeTickMs?: number
  readonly bufferAgeMs?: number
  readonly fenceCheckMs?: number
  readonly closeTimeoutMs?: number
  readonly openTimeoutMs?: number
  readonly logger?: LoggerUnderTest
}

export interface LoggerUnderTest {
  debug(fields: object, text: string): void
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
}

export interface ReadOnlyLog {
  readonly channel: { readonly name: string; readonly term: number }
  readonly guarantees: Guarantees
  readonly signal: AbortSignal
  read(options?: ReadChoices): LogScanner
  resolve(token: string, waits?: { readonly signal?: AbortSignal }): Promise<Resolution>
  close(): Promise<void>
}

export interface WriterLog extends ReadOnlyLog {
  append(message: NewRecord, options?: AppendChoices): Promise<Appended>
  appendBatch(messages: readonly NewRecord[], options?: AppendChoices): Promise<Appended[]>
  barrier(options?: AppendChoices): Promise<bigint>
  truncate(position: string, waits?: { readonly signal?: AbortSignal }): Promise<void>
}

export interface NewRecord {
  readonly payload: Uint8Array
  readonly vchannel?: string
  readonly properties?: ReadonlyMap<string, string>
}

export interface AppendChoices {
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface Appended {
  readonly position: string
  readonly timeTick: bigint
  readonly messageId: string
}

export type Resolution =
  | { readonly outcome: 'written' | 'partly'; readonly results: readonly Appended[] }
  | { readonly outcome: 'not-written' }

export interface ReadChoices {
  readonly deliver?: 'all' | 'latest'
  readonly from?: string
  readonly after?: string
  readonly until?: 'end' | string | bigint
  readonly vchannel?: string
  readonly signal?: AbortSignal
}

export interface DeliveredRecord {
  readonly payload: Uint8Array
  readonly properties: ReadonlyMap<string, string>
  readonly vchannel: string
  readonly timeTick: bigint
  readonly position: string
  readonly messageId: string
  readonly term: number
}

export interface LogScanner extends AsyncIterable<DeliveredRecord> {
  ready(): Promise<void>
  next(): Promise<IteratorResult<DeliveredRecord, undefined>>
  close(): Promise<void>
}

/** The fields of an error of `@wal/core` that the kit checks. */
export interface AdaptorError extends Error {
  readonly code: string
  readonly outcome?: AppendOutcome
  readonly token?: string
  /** With `WAL_LOG_ROLLED_BACK`: the position at which reading can go on. */
  readonly resumeAt?: string
}
