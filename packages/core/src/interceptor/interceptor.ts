import type { AppendResult, NewMessage } from '../wal.js'

/** What an interceptor sees of an append. It may hand a changed message to `next`. */
export interface InterceptedAppend {
  readonly message: NewMessage
  readonly channel: string
  /** Aborts when the caller stops waiting or the WAL closes. Whatever waits must watch it. */
  readonly signal: AbortSignal
}

/**
 * Runs around appends. Implemented by users (and by core's own), called by the chain. `next` stores the message: after
 * it has resolved nothing may fail any more, since the message is durable. What it throws before `next` refuses the
 * append: not written.
 */
export interface Interceptor {
  readonly name: string
  append(
    append: InterceptedAppend,
    next: (message: NewMessage) => Promise<AppendResult>,
  ): Promise<AppendResult>
  /** Appends wait until it resolves. */
  ready?(): Promise<void>
  /** The WAL stops accepting appends; those inside may finish. */
  gracefulClose?(): Promise<void>
  close?(): Promise<void>
}
