import type { EventBody } from '../history/history-event.js'

/** What a child process of the kit is to do: its one parameter, as JSON. */
export interface ProcessTask {
  readonly role: 'write' | 'truncate' | 'look for a missing log' | 'open, append, read, close'
  readonly options: Readonly<Record<string, unknown>> | string
  readonly channel: string
  /** Its appends are called by it. */
  readonly name: string
}

/** What it says: a line of JSON each. */
export type ProcessLine =
  /** `at`: nanoseconds of the machine's clock. */
  | { readonly event: EventBody; readonly at: string; readonly token?: string }
  | { readonly started: true }
  /** The log was truncated up to that position; the record with that ordinal is the oldest one kept. */
  | { readonly truncated: string; readonly oldest: number }
  | { readonly ended: string | undefined }
