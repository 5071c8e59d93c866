import type { AppendResult } from '../wal.js'

/** One message on its way through the pipeline. `waiting`: no room yet. `queued`: admitted. `sent`: in a batch. */
export interface AppendTask {
  readonly payload: Uint8Array
  readonly vchannel: string
  readonly type: number
  /** The user's properties, and those reserved ones that the pipeline doesn't set itself. */
  readonly properties: readonly string[]
  /** What the budget is charged. */
  readonly bytes: number
  state: 'waiting' | 'queued' | 'sent' | 'settled'
  /** Runtime clock's time at which the caller stops waiting. */
  readonly deadline: number
  /** Takes the abort listener off. */
  stopListening: (() => void) | undefined
  readonly resolve: (result: AppendResult) => void
  readonly reject: (error: unknown) => void
}

/** Bytes that a message costs beside its payload and properties: objects, promises, stamps. Measured, rounded up. */
export const MESSAGE_OVERHEAD_BYTES = 512
