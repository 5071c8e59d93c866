import type { Runtime, TimeTick } from '@wal/walimpls'
import type { Logger } from './logger.js'
import type { AppendOptions, AppendResult, NewMessage, WAL } from './wal.js'

/** What an interceptor sees of an append. It may hand a changed message to `next`. */
export interface InterceptedAppend {
  readonly message: NewMessage
  readonly channel: string
  /**
   * As the caller gave them; empty when none were given. With `barrierTimeTick` the append gets a greater time tick than
   * that, once everything up to it has its outcome.
   */
  readonly options: AppendOptions
  /** Aborts when the caller stops waiting or the WAL closes. Whatever waits must watch it. */
  readonly signal: AbortSignal
}

/**
 * Runs around appends. Implemented by users (and by core's own), called by the chain.
 *
 * - What is thrown before `next` refuses the append: not written. So does what is returned without `next`, unless it is
 *   an `AppendResult`: that is then the append's, and nothing is stored.
 * - Once the message has reached the pipeline, only the pipeline says what becomes of it. After `next` has resolved the
 *   append has succeeded: a result that is returned is passed on, an error is logged. To add something, return
 *   `{ ...result, extra }`: the rest of the result stays what it is, and the caller of `append` finds `extra` in it.
 * - `next` may be called again only when the call before has failed without reaching the pipeline.
 */
export interface Interceptor {
  /** In errors, logs and timings. */
  readonly name: string
  /**
   * `outer`, the default: once an append, side by side with others; may wait for long. `inner`: inside the lock, one at a
   * time on each vchannel and in log order, and once more for each `redo`; what waits here holds up its
   * vchannel. Must not change the message's vchannel or type.
   */
  readonly place?: 'outer' | 'inner'
  append(
    append: InterceptedAppend,
    next: (message: NewMessage) => Promise<AppendResult>,
  ): Promise<AppendResult>
  /** Appends wait until it resolves. A rejection is told to every append. */
  ready?(): Promise<void>
  /** The WAL stops accepting appends; those inside may finish. */
  gracefulClose?(): Promise<void>
  /** The log is closed. Called once, whatever else failed to close. */
  close?(): Promise<void>
}

/** What a builder of an interceptor gets to know of the WAL that it is built for. */
export interface InterceptorContext {
  readonly backend: string
  readonly channel: string
  readonly term: number
  /** Of the record with which this writer opened the log: what it appends lies above. */
  readonly openingTimeTick: TimeTick
  readonly runtime: Runtime
  readonly logger: Logger
  /**
   * For interceptors that append by themselves. Resolves once the WAL is open. Such an append goes through the whole
   * chain: awaited in `ready`, or in `append` while its own message is in the same vchannel (or either has an exclusive
   * type), it waits for the one that awaits it, until its deadline (`WAL_TIMEOUT`, not written). So do not await it there.
   */
  readonly wal: Promise<WAL>
}

/** Called once for each WAL, before it is open. What it throws fails the open. */
export type InterceptorBuilder = (context: InterceptorContext) => Interceptor
