import type { Batch } from '../../batch.js'
import { AppendError } from '../../errors/append-error.js'
import type { ErrorCode } from '../../errors/error-code.js'
import { abortable } from '../../helper/on-abort.js'
import type { MessageId } from '../../message/message-id.js'
import type { WALImpls, Waits } from '../../wal.js'
import type { Writer } from '../../writer.js'
import { AppendQueue, type QueuedAppend } from './append-queue.js'
import { connectionLost, faultyCall, pause, refusal } from './faulty-call.js'
import { type FaultyLogContext, FaultyReadOnlyWAL } from './faulty-read-only-wal.js'
import type { SentBatches } from './sent-batches.js'

export class FaultyWAL extends FaultyReadOnlyWAL implements WALImpls {
  readonly #queue: AppendQueue
  #fenced = false

  readonly #inner: WALImpls
  readonly #sent: SentBatches

  constructor(inner: WALImpls, context: FaultyLogContext, sent: SentBatches) {
    super(inner, context)
    this.#inner = inner
    this.#sent = sent
    this.#queue = new AppendQueue({
      context,
      sent,
      closing: this.closing.signal,
      store: (append) => this.#store(append),
    })
  }

  get writer(): Writer {
    return this.#inner.writer
  }

  get fenceReaches(): boolean {
    return this.#inner.fenceReaches !== false
  }

  append(batch: Batch): Promise<readonly MessageId[]> {
    let decision: QueuedAppend['decision']
    try {
      decision = this.context.faults.decide('append', { batch, writer: this.writer })
    } catch (error) {
      return Promise.reject(error)
    }
    return this.#queue.push({ batch, decision })
  }

  truncate(before: MessageId, waits?: Waits): Promise<void> {
    const signals = [waits?.signal, this.closing.signal]
    return faultyCall(this.context, { call: 'truncate', signals }, () => this.#inner.truncate(before, waits))
  }

  async #store({ batch, decision }: QueuedAppend): Promise<readonly MessageId[]> {
    const inner = this.#inner
    const sent = this.#sent
    const { context } = this
    const { signal } = this.closing
    if (signal.aborted) throw notWritten('WAL_CLOSED', 'the log is closed')
    if (this.#fenced) throw notWritten('WAL_FENCED', 'fault injection: fenced')
    if (decision === undefined) return inner.append(sent.forBackend(batch))
    context.faults.happened(decision)
    switch (decision.kind) {
      case 'fail': {
        const error = refusal(decision)
        throw decision.fault === error ? error : notWritten('WAL_UNAVAILABLE', error.message)
      }
      case 'full':
        throw notWritten('WAL_STORAGE_FULL', 'fault injection: the storage has no room')
      case 'hole':
        // Without this pause no batch could be in flight behind this one.
        await pause(decision, context, signal).catch((cause: unknown) => {
          if (signal.aborted) throw notWritten('WAL_CLOSED', 'the log is closed')
          throw cause
        })
        throw notWritten('WAL_UNAVAILABLE', refusal(decision).message)
      case 'fence':
        this.#fenced = true
        throw notWritten('WAL_FENCED', 'fault injection: fenced')
      case 'cut':
        return abortable(new Promise<never>(() => {}), signal)
      case 'delay':
        await pause(decision, context, signal).catch((cause: unknown) => {
          if (signal.aborted) throw notWritten('WAL_CLOSED', 'the log is closed')
          throw cause
        })
        return inner.append(sent.forBackend(batch))
      case 'duplicate':
        return this.#twice(batch)
      case 'duplicate-then-fail':
        await this.#twice(batch)
        throw connectionLost()
      default:
        await inner.append(sent.forBackend(batch))
        throw connectionLost()
    }
  }

  async #twice(batch: Batch): Promise<readonly MessageId[]> {
    const ids = await this.#inner.append(this.#sent.forBackend(batch))
    const copy = this.#sent.copy(batch)
    if (copy === undefined) return ids
    try {
      return await this.#inner.append(copy)
    } catch (error) {
      // The second copy was refused: a newer writer opened in between, say. The first copy is stored, so the outcome is unknown.
      throw connectionLost(error)
    }
  }
}

function notWritten(code: ErrorCode, text: string): AppendError {
  return new AppendError(code, text, { outcome: 'not-written' })
}
