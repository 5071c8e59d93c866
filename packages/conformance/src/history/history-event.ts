/**
 * One thing that a workload observed. A history is a list of events in the order in which one observer saw them happen, as
 * JSON lines when it is stored. `sequence` rises strictly. Ids, time ticks (decimal) and hashes are text. A history of
 * several logs names the log of each event in `log`; each log is checked by itself. A log has to be empty at the beginning
 * of its history.
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

/**
 * An append is about to be called. When the history has no outcome of the append, its outcome is unknown: the process
 * crashed, say.
 */
export interface AppendInvoked {
  readonly kind: 'append-invoked'
  /**
   * A name of the append that no other append of the log has. When the message carries the name in a property, a delivery
   * can name its append too.
   */
  readonly append: string
  readonly writer: HistoryWriterName
  readonly vchannel: string
  readonly payloadHash: string
  /** The transaction of the message. The message is delivered only if the transaction's commit is written. */
  readonly transaction?: string
  /**
   * Set when this append is the commit of the named transaction. A commit is never delivered; its outcome is that of the
   * transaction.
   */
  readonly commit?: true
}

/** The append was acknowledged. */
export interface AppendWritten {
  readonly kind: 'append-ok'
  readonly append: string
  /** The id that `append` returned. If the message was stored twice, this may be the id of the second copy (G5). */
  readonly id: string
  readonly timeTick: string
}

/** The append failed, and its message is certainly not written. */
export interface AppendFailed {
  readonly kind: 'append-failed'
  readonly append: string
  readonly code: string
}

/** The append failed, and nobody knows whether its message was written. */
export interface AppendUnknown {
  readonly kind: 'append-unknown'
  readonly append: string
}

/** `resolve` told the outcome of an append that was unknown. */
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

/** An open for writing resolved. */
export interface Opened {
  readonly kind: 'opened'
  readonly writer: HistoryWriterName
  /**
   * The id of the writer's opening record. With it the checker judges every later record by its place in the log: a record of
   * an older writer behind this id is void. Without it the checker judges only appends that were called after this event.
   */
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
 * The scanner is ready. A second start with the same name means that the scanner resumed where it was: the checker treats
 * both as one scanner, to which nothing may be delivered twice and from which nothing may be missing. A reader that goes back
 * to an older position needs a new name.
 */
export interface ScannerStarted {
  readonly kind: 'scanner-started'
  readonly scanner: string
  readonly start: 'all' | 'latest' | { readonly from: string } | { readonly after: string }
  /** The scanner delivers only the messages of this vchannel. */
  readonly vchannel?: string
}

/** A message was delivered to a scanner. */
export interface Delivered {
  readonly kind: 'delivered'
  readonly scanner: string
  readonly id: string
  /** The message's time tick. All messages of a transaction have the time tick of the commit. */
  readonly timeTick: string
  /** For a message of a transaction: the id of the commit. */
  readonly unitId?: string
  readonly payloadHash: string
  readonly term: number
  readonly incarnation?: string
  /**
   * The name of the message's append. Without the name the checker looks for an append with this id, then with this time
   * tick, then with this payload hash if only one append has it.
   */
  readonly append?: string
}

/**
 * The scanner has been given everything up to this time tick, inclusive. A scanner learns this from a time tick record, or when
 * it comes to the log's end.
 */
export interface ScannerReached {
  readonly kind: 'scanner-reached'
  readonly scanner: string
  readonly timeTick: string
}

/**
 * The scanner reported, as a gap or by rejecting, that the messages with time ticks above `after` up to `upTo` are gone.
 * Without `after` the range begins at the beginning of the log.
 */
export interface ScannerGap {
  readonly kind: 'scanner-gap'
  readonly scanner: string
  readonly reason: 'truncated' | 'rolled-back'
  readonly after?: string
  readonly upTo: string
}

/** The messages up to this time tick are about to be removed: by a call of `truncate`, or by the broker at a test's request. */
export interface TruncateInvoked {
  readonly kind: 'truncate-invoked'
  readonly timeTick: string
}

/** The messages up to this time tick were removed. */
export interface Truncated {
  readonly kind: 'truncated'
  readonly timeTick: string
}

/**
 * The log lost its messages with time ticks above `after` up to `upTo`. Recorded when the writer is told of the loss, or when
 * the test itself removes them.
 */
export interface RolledBack {
  readonly kind: 'rolled-back'
  readonly after: string
  readonly upTo: string
}
