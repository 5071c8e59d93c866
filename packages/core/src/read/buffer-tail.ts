import type { TailRun } from '../buffer/run.js'
import type { BufferReader, WriteAheadBuffer } from '../buffer/write-ahead-buffer.js'
import type { Joining, LogTail, TailReader } from './log-tail.js'

/** The tail of a log for readers in the writer's own process: the acknowledged records in the writer's write-ahead buffer. */
export class BufferTail implements LogTail {
  readonly #buffer: WriteAheadBuffer

  constructor(buffer: WriteAheadBuffer) {
    this.#buffer = buffer
  }

  join({ timeTick }: Joining, _atEnd: boolean, signal: AbortSignal): TailReader | undefined {
    if (!this.#buffer.covers(timeTick)) return undefined
    return new Reader(this.#buffer, this.#buffer.readAfter(timeTick), signal)
  }
}

class Reader implements TailReader {
  /** Always true: the buffer has each record as soon as the record is acknowledged. */
  readonly atEnd = true

  readonly #buffer: WriteAheadBuffer
  readonly #reader: BufferReader
  readonly #signal: AbortSignal

  constructor(buffer: WriteAheadBuffer, reader: BufferReader, signal: AbortSignal) {
    this.#buffer = buffer
    this.#reader = reader
    this.#signal = signal
  }

  read(): TailRun | 'evicted' | undefined {
    return this.#reader.next()
  }

  changed(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        stopWaiting()
        this.#signal.removeEventListener('abort', done)
        resolve()
      }
      const stopWaiting = this.#buffer.onChange(done)
      // Each scanner has a signal of its own, and waits with one listener at a time, so listeners do not pile up.
      this.#signal.addEventListener('abort', done, { once: true })
    })
  }

  async close(): Promise<void> {}
}
