import { PositionTruncatedError } from '../../errors/position-truncated-error.js'
import { WalError } from '../../errors/wal-error.js'
import { onAbort } from '../../helper/on-abort.js'
import { ScannerEnd } from '../../helper/scanner-end.js'
import type { StoredMessage } from '../../message/wire-message.js'
import type { ScannerImpls } from '../../scanner.js'
import type { FaultDecision } from './faults.js'
import { type FaultContext, pause, refusal } from './faulty-call.js'

export interface FaultyScannerParts {
  readonly inner: ScannerImpls
  readonly context: FaultContext
  readonly signal: AbortSignal | undefined
  /** The serialised id of the oldest record. */
  readonly oldest: () => Promise<string | undefined>
  readonly released: () => void
}

export class FaultyScanner implements ScannerImpls {
  readonly #end: ScannerEnd
  #broken = false
  #ended = false

  readonly #parts: FaultyScannerParts

  constructor(parts: FaultyScannerParts) {
    this.#parts = parts
    const { inner, signal, released } = parts
    this.#end = new ScannerEnd(signal, async () => {
      await inner.close()
      released()
    })
    // The end of this scanner waits for a `next` that is under way. Only the close of the inner scanner ends such a `next`, so
    // the inner scanner is closed first.
    onAbort(this.#end.signal, () => void inner.close().catch(() => {}))
  }

  ready(): Promise<void> {
    return this.#parts.inner.ready()
  }

  async next(): Promise<readonly StoredMessage[] | undefined> {
    return this.#end.run(() => this.#step())
  }

  close(): Promise<void> {
    return this.#end.close()
  }

  async #step(): Promise<readonly StoredMessage[] | undefined> {
    if (this.#ended) return undefined
    if (this.#broken) throw brokenOff()
    const { inner, context, oldest } = this.#parts
    const decision = context.faults.decide('next')
    if (decision === undefined) return inner.next()
    if (decision.kind === 'cut') return this.#cut(decision)
    context.faults.happened(decision)
    switch (decision.kind) {
      case 'truncate': {
        const kept = await oldest()
        throw new PositionTruncatedError(
          'fault injection: the record that would be read next was removed by a truncation',
          kept === undefined ? {} : { oldest: kept },
        )
      }
      case 'close':
        this.#ended = true
        await inner.close()
        return undefined
      case 'delay':
        await pause(decision, context, this.#end.signal)
        return inner.next()
      default:
        throw refusal(decision)
    }
  }

  /** Gives the first half of the next batch. All later calls reject. */
  async #cut(decision: FaultDecision): Promise<readonly StoredMessage[] | undefined> {
    const batch = await this.#parts.inner.next()
    if (batch === undefined) return undefined
    this.#parts.context.faults.happened(decision)
    this.#broken = true
    const part = batch.slice(0, batch.length >> 1)
    // An empty array would mean that the scanner is at the end.
    if (part.length === 0 && batch.length > 0) throw brokenOff()
    return part
  }
}

function brokenOff(): WalError {
  return new WalError('WAL_UNAVAILABLE', 'fault injection: the scanner broke off')
}
