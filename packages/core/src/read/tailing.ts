import type { TimeTick } from '@wal/walimpls'
import type { BufferReader, WriteAheadBuffer } from '../buffer/write-ahead-buffer.js'
import type { LogRecord } from './log-record.js'

/** The other first stage: acknowledged records from the write-ahead buffer, shared with every reader that tails. */
export class Tailing {
  readonly #buffer: WriteAheadBuffer
  readonly #reader: BufferReader
  readonly #signal: AbortSignal

  /** Behind `timeTick`, which the buffer must cover. */
  constructor(buffer: WriteAheadBuffer, timeTick: TimeTick, signal: AbortSignal) {
    this.#buffer = buffer
    this.#reader = buffer.readAfter(timeTick)
    this.#signal = signal
  }

  /** The next records; undefined when there are none yet; `evicted` when only the backend has them any more. */
  take(): readonly LogRecord[] | 'evicted' | undefined {
    return this.#reader.take()
  }

  /** Resolves when the buffer has changed, or the signal aborts. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        stopWaiting()
        this.#signal.removeEventListener('abort', done)
        resolve()
      }
      const stopWaiting = this.#buffer.onChange(done)
      // The signal is the scanner's own, and this its only listener at a time.
      this.#signal.addEventListener('abort', done, { once: true })
    })
  }
}
