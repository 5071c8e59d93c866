/**
 * What a workload writes down while it runs: one JSON object a line, in the order in which things happened as one
 * observer saw them. `sequence` rises strictly. Ids, time ticks (decimal) and hashes are text. `log` tells several logs
 * in one history apart; each is checked by itself, and is expected to be empty when its history begins.
 */
export type HistoryEvent = EventBody & { readonly sequence: number; readonly log?: string }

export type EventBody =
  | AppendInvoked
  | AppendWritten
  | AppendFailed
  | AppendUnknown
  | AppendResolved
  | OpenInvoked
  | Opened
  | OpenFailed
  | Fenced
  | ScannerStarted
  | Delivered
  | ScannerReached
  | ScannerGap
  | TruncateInvoked
  | Truncated
  | RolledBack

export interface HistoryWriterName {
  readonly term: number
  readonly incarnation: string
}

/** Before the call. One without an outcome by the end of the history (a crash) is unknown. */
export interface AppendInvoked {
  readonly kind: 'append-invoked'
  /** Unique in the log. Best carried in a property, so that deliveries name it. */
  readonly append: string
  readonly writer: HistoryWriterName
  readonly vchannel: string
  readonly payloadHash: string
  /** The transaction it belongs to. Its messages are delivered if the transaction's commit is written. */
  readonly transaction?: string
  /** It is the commit of `transaction`: never delivered itself, its outcome is the transaction's. */
  readonly commit?: true
}

export interface AppendWritten {
  readonly kind: 'append-ok'
  readonly append: string
  /** May name a later stored copy (G5). */
  readonly id: string
  readonly timeTick: string
}

/** Certainly not written. */
export interface AppendFailed {
  readonly kind: 'append-failed'
  readonly append: string
  readonly code: string
}

export interface AppendUnknown {
  readonly kind: 'append-unknown'
  readonly append: string
}

/** What `resolve` said of an unknown one. */
export type AppendResolved =
  | {
      readonly kind: 'append-resolved'
      readonly append: string
      readonly outcome: 'written'
      readonly id: string
      readonly timeTick: string
    }
  | { readonly kind: 'append-resolved'; readonly append: string; readonly outcome: 'not-written' }

export interface OpenInvoked {
  readonly kind: 'open-invoked'
  readonly term: number
}

/** `open` resolved. With the id of the opening record, what comes behind it is judged record by record. */
export interface Opened {
  readonly kind: 'opened'
  readonly writer: HistoryWriterName
  readonly id?: string
}

export interface OpenFailed {
  readonly kind: 'open-failed'
  readonly term: number
  readonly code: string
}

/** The writer was told that there is a newer one. */
export interface Fenced {
  readonly kind: 'fenced'
  readonly writer: HistoryWriterName
}

/**
 * The scanner is ready. A second start of one scanner means that it resumed where it was: it stays one scanner, nothing
 * may be delivered twice or left out. A reader that goes back to an older position takes a new name.
 */
export interface ScannerStarted {
  readonly kind: 'scanner-started'
  readonly scanner: string
  readonly start: 'all' | 'latest' | { readonly from: string } | { readonly after: string }
  /** It delivers the messages of this vchannel only. */
  readonly vchannel?: string
}

export interface Delivered {
  readonly kind: 'delivered'
  readonly scanner: string
  readonly id: string
  /** Of the unit: a transaction's messages share the commit's. */
  readonly timeTick: string
  /** Of the unit where it is not the message's own: the commit's id. */
  readonly unitId?: string
  readonly payloadHash: string
  readonly term: number
  readonly incarnation?: string
  /** Without it the message is found by acked id, then time tick, then a payload hash that only one append has. */
  readonly append?: string
}

/** Everything up to this time tick, inclusive, has been delivered to the scanner (a time tick, or the end of the log, said so). */
export interface ScannerReached {
  readonly kind: 'scanner-reached'
  readonly scanner: string
  readonly timeTick: string
}

/** The scanner said that time ticks above `after` (or from the beginning) up to `upTo` are gone: a gap or a rejection. */
export interface ScannerGap {
  readonly kind: 'scanner-gap'
  readonly scanner: string
  readonly reason: 'truncated' | 'rolled-back'
  readonly after?: string
  readonly upTo: string
}

/** Before the call, or before a test has the broker remove what is up to that time tick. */
export interface TruncateInvoked {
  readonly kind: 'truncate-invoked'
  readonly timeTick: string
}

export interface Truncated {
  readonly kind: 'truncated'
  readonly timeTick: string
}

/** The log lost its end and the loss was announced to the writer, or made by the test. */
export interface RolledBack {
  readonly kind: 'rolled-back'
  readonly after: string
  readonly upTo: string
}
