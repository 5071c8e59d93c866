import { AppendError, type WALImpls } from '@wal/walimpls'
import type { AppendDiagnostics } from '../diagnostics/append-diagnostics.js'
import { type AppendTask, MESSAGE_OVERHEAD_BYTES } from '../message/append-task.js'
import type { Admission } from './admission.js'

export interface AppendBoundsOptions {
  readonly admission: Admission
  readonly where: string
  readonly diagnostics: AppendDiagnostics | undefined
}

/** Refuses a message that is too large, or that comes when as many bytes wait already as may, before it is submitted. */
export class AppendBounds {
  readonly #options: AppendBoundsOptions
  readonly #log: () => Pick<WALImpls, 'limits'>

  /** `log` answers the backend's log that is open now: after it was opened again its limits may be others. */
  constructor(log: () => Pick<WALImpls, 'limits'>, options: AppendBoundsOptions) {
    this.#log = log
    this.#options = options
  }

  /** Throws `WAL_MESSAGE_TOO_LARGE` or `WAL_RATE_LIMITED`. */
  check(task: AppendTask): void {
    this.checkSize(task)
    this.#checkRoom(task.bytes + MESSAGE_OVERHEAD_BYTES)
  }

  /** As `check`. The messages of a batch count as one for the bound on what waits, so all are accepted or none (G19). */
  checkAll(tasks: readonly AppendTask[]): void {
    let bytes = 0
    for (const task of tasks) {
      this.checkSize(task)
      bytes += task.bytes + MESSAGE_OVERHEAD_BYTES
    }
    this.#checkRoom(bytes)
  }

  checkSize(task: AppendTask): void {
    const { maxRecordBytes } = this.#log().limits
    // The library's own properties take some of the record as well.
    const bytes = task.bytes + MESSAGE_OVERHEAD_BYTES
    if (bytes <= maxRecordBytes) return
    throw this.#refused(
      new AppendError(
        'WAL_MESSAGE_TOO_LARGE',
        `${this.#options.where}: a message of ${bytes} bytes (payload, properties and ${MESSAGE_OVERHEAD_BYTES} for the library's own) is more than the backend's largest record of ${maxRecordBytes}`,
        { outcome: 'not-written' },
      ),
    )
  }

  #checkRoom(bytes: number): void {
    try {
      this.#options.admission.check(bytes)
    } catch (error) {
      throw this.#refused(error)
    }
  }

  #refused<E>(error: E): E {
    this.#options.diagnostics?.refused(error)
    return error
  }
}
