import type { EventBody } from '../history/history-event.js'

/** The task of a child process of the kit. The process gets it as JSON in its one argument. */
export interface ProcessTask {
  readonly role: 'write' | 'truncate' | 'look for a missing log' | 'open, append, read, close'
  readonly options: Readonly<Record<string, unknown>> | string
  readonly channel: string
  /** The beginning of the names of the process's appends. */
  readonly name: string
}

/** A line of JSON that a child process prints. */
export type ProcessLine =
  /** An event of the history, with the time at which it happened, in nanoseconds on the machine's clock. */
  | { readonly event: EventBody; readonly at: string; readonly token?: string }
  | { readonly started: true }
  /** The process truncated the log at this position. The record with the number `oldest` is the first one that is kept. */
  | { readonly truncated: string; readonly oldest: number }
  | { readonly ended: string | undefined }
