import {
  ProxyTracerProvider,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { messageTypeOf, type Runtime, WalError } from '@wal/walimpls'
import type { Logger } from '../api/logger.js'
import type { AppendResult } from '../api/wal.js'
import type { TaskOwner } from '../message/append-task.js'
import type { BatchInFlight, SentMessage } from '../message/batch-in-flight.js'
import type { RecordDraft } from '../message/record-draft.js'
import type { WalMetrics } from './wal-metrics.js'

/** The span of a batch links to the spans of so many of its messages at most: more make traces slow to read and to store. */
const MAX_LINKS = 128

export interface AppendDiagnosticsOptions {
  readonly backend: string
  readonly channel: string
  readonly term: number
  readonly runtime: Pick<Runtime, 'monotonic'>
  readonly metrics: WalMetrics | undefined
  readonly logger: Logger
}

/**
 * Spans and measurements of appends: a span for each message, from its submission to its outcome, and a span for each attempt
 * to store a batch, with links to the messages in it. They are made only when somebody collects spans or measurements. A span
 * that throws is logged and changes no outcome: it must neither fail an append nor keep its caller waiting.
 */
export class AppendDiagnostics {
  readonly #options: AppendDiagnosticsOptions
  readonly #tracer: Tracer | undefined

  /** Undefined when no OpenTelemetry SDK was set up before the log was opened. */
  static create(options: AppendDiagnosticsOptions): AppendDiagnostics | undefined {
    const tracer = tracerIfAny()
    if (tracer === undefined && options.metrics === undefined) return undefined
    return new AppendDiagnostics(options, tracer)
  }

  private constructor(options: AppendDiagnosticsOptions, tracer: Tracer | undefined) {
    this.#options = options
    this.#tracer = tracer
  }

  /** An owner that measures the outcome of the message and then tells `owner`. */
  watch(owner: TaskOwner, message: RecordDraft): TaskOwner {
    const watched = new WatchedOwner(owner, message, this.#options)
    watched.span = this.#begin(message)
    return watched
  }

  #begin(message: RecordDraft): Span | undefined {
    const { backend, channel, term, logger } = this.#options
    try {
      return this.#tracer?.startSpan('wal.append', {
        kind: SpanKind.PRODUCER,
        attributes: {
          'wal.name': backend,
          'wal.channel': channel,
          'wal.term': term,
          'wal.vchannel': message.vchannel,
          'wal.message_type': messageTypeOf(message.type).name,
          'wal.message_bytes': message.bytes,
        },
      })
    } catch (error) {
      logSpanFailure(logger, error)
      return undefined
    }
  }

  /** Not even taken in. */
  refused(error: unknown): void {
    this.#options.metrics?.refused(statusOf(error))
  }

  /** An attempt to store the batch begins. The returned function is to be called when the attempt has ended. */
  sending(batch: BatchInFlight): (error?: unknown) => void {
    try {
      return this.#sending(batch)
    } catch (error) {
      logSpanFailure(this.#options.logger, error)
      return () => {}
    }
  }

  #sending(inFlight: BatchInFlight): (error?: unknown) => void {
    const { backend, channel, term, runtime, metrics, logger } = this.#options
    const startedAt = runtime.monotonic()
    const { attempts, tasks } = inFlight
    const { bytes, sequence } = inFlight.batch
    const span = this.#tracer?.startSpan('wal.impls.append', {
      kind: SpanKind.CLIENT,
      root: true,
      links: linksOf(inFlight),
      attributes: {
        'wal.name': backend,
        'wal.channel': channel,
        'wal.term': term,
        'wal.batch.sequence': sequence,
        'wal.batch.messages': tasks.length,
        'wal.batch.bytes': bytes,
        'wal.batch.attempt': attempts,
      },
    })
    return (error) => {
      const status = error === undefined ? 'ok' : statusOf(error)
      metrics?.sent(inFlight, status, (runtime.monotonic() - startedAt) / 1000)
      try {
        if (error !== undefined) markFailed(span, error)
        span?.end()
      } catch (reason) {
        logSpanFailure(logger, reason)
      }
    }
  }
}

class WatchedOwner implements TaskOwner {
  readonly #owner: TaskOwner
  readonly #message: Pick<RecordDraft, 'type' | 'bytes'>
  readonly #options: AppendDiagnosticsOptions
  readonly #startedAt: number
  readonly namesAll: boolean
  /** The span of the message; undefined when nobody collects spans. */
  span: Span | undefined

  constructor(
    owner: TaskOwner,
    message: Pick<RecordDraft, 'type' | 'bytes'>,
    options: AppendDiagnosticsOptions,
  ) {
    this.#owner = owner
    this.#message = message
    this.#options = options
    this.#startedAt = options.runtime.monotonic()
    this.namesAll = owner.namesAll === true
  }

  resolve(result: AppendResult): void {
    this.#collect('ok', result, undefined)
    this.#owner.resolve(result)
  }

  reject(error: unknown, sent?: SentMessage): void {
    this.#collect(statusOf(error), undefined, error)
    this.#owner.reject(error, sent)
  }

  #collect(status: string, result: AppendResult | undefined, error: unknown): void {
    const { metrics, runtime, logger } = this.#options
    const { span } = this
    metrics?.appended(this.#message, status, (runtime.monotonic() - this.#startedAt) / 1000)
    try {
      if (result === undefined) markFailed(span, error)
      else
        span?.setAttributes({ 'wal.message_id': result.messageId, 'wal.time_tick': String(result.timeTick) })
      span?.end()
    } catch (reason) {
      logSpanFailure(logger, reason)
    }
  }
}

function logSpanFailure(logger: Logger, err: unknown): void {
  logger.debug({ err }, 'a span of an append could not be recorded')
}

function linksOf({ tasks }: BatchInFlight) {
  const links = []
  for (const { owner } of tasks) {
    if (links.length === MAX_LINKS) break
    if (owner instanceof WatchedOwner && owner.span?.isRecording())
      links.push({ context: owner.span.spanContext() })
  }
  return links
}

/** Puts only texts of the library's own errors into the span: another error may have a password in its text. */
function markFailed(span: Span | undefined, error: unknown): void {
  if (span === undefined) return
  span.setAttribute('error.type', statusOf(error))
  span.setStatus({
    code: SpanStatusCode.ERROR,
    ...(WalError.isInstance(error) ? { message: error.message } : {}),
  })
}

/** The code of an error, or `other` for an error without one: the reason of an abort, or a driver's error. */
function statusOf(error: unknown): string {
  return WalError.isInstance(error) ? error.code : 'other'
}

/** Undefined until an OpenTelemetry SDK was set up: before that its API hands out a proxy for nothing. */
function tracerIfAny(): Tracer | undefined {
  const provider = trace.getTracerProvider()
  const delegate = (provider as { getDelegate?: () => unknown }).getDelegate
  const none = new ProxyTracerProvider().getDelegate()
  if (delegate !== undefined && delegate.call(provider) === none) return undefined
  return provider.getTracer('@wal/core')
}
