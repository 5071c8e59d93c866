import {
  type Runtime,
  type ScannerImpls,
  type ScannerOptions,
  type StoredMessage,
  WalError,
} from '@wal/walimpls'
import {
  type Lifetime,
  type NumberId,
  PagedScanner,
  startValue,
  type WakeUpListener,
} from '@wal/walimpls/helper'
import type { Changes } from './changes.js'
import { mapError } from './error-mapping.js'
import { FrameDecoder } from './frame-decoder.js'
import type { LogDirectory } from './log-directory.js'
import { lastRecord } from './log-end.js'
import { LogReader } from './log-reader.js'
import { messageIds } from './message-id.js'

export interface ScannerParts {
  readonly log: LogDirectory
  readonly changes: Changes
  readonly runtime: Runtime
  readonly options: ScannerOptions<NumberId>
  /** The lifetime of the log. */
  readonly lifetime: Lifetime
}

export function openScanner(parts: ScannerParts): ScannerImpls<NumberId> {
  const { options, changes } = parts
  const reader = changes.listener()
  const pages = new Pages(parts, reader)
  return new PagedScanner<NumberId>({
    options,
    owner: parts.lifetime,
    begin: () => pages.begin(),
    page: (maxBytes, signal) => pages.page(maxBytes, signal),
    waitForMore: (signal) => reader.wait(signal),
    async release() {
      reader.leave()
      await pages.close()
    },
  })
}

/** The records of a log in pages. */
class Pages {
  readonly #reader: LogReader
  #decoder: FrameDecoder | undefined
  /** The lowest id that was asked for. The first frame may begin with a lower one. */
  #from = 1

  readonly #parts: ScannerParts
  readonly #hearing: Pick<WakeUpListener, 'heard'>

  constructor(parts: ScannerParts, hearing: Pick<WakeUpListener, 'heard'>) {
    this.#parts = parts
    this.#hearing = hearing
    this.#reader = new LogReader(parts.log, parts.runtime, { nextId: 1, pageBytes: parts.options.maxBytes })
  }

  begin(): Promise<void> {
    return this.#mapped(async () => {
      const { log, runtime, options } = this.#parts
      const { start } = options
      const oldest = (await log.links())[0]?.name.firstId ?? 1
      const next = start === 'latest' ? ((await lastRecord(log, runtime))?.id.value ?? 0) + 1 : oldest
      // Ids begin with 1, so an id below 1 means the same as 1.
      this.#from = Math.max(1, startValue(messageIds, start, { oldest, next }))
      this.#reader.nextId = this.#from
    })
  }

  page(maxBytes: number, signal: AbortSignal): Promise<readonly StoredMessage<NumberId>[]> {
    return this.#mapped(async () => {
      this.#hearing.heard()
      const messages: StoredMessage<NumberId>[] = []
      try {
        await this.#fill(messages, maxBytes, signal)
      } catch (error) {
        // Whole records before the damage are given out first. The next call finds the damage again and throws.
        if (messages.length === 0) throw error
      }
      return messages
    })
  }

  close(): Promise<void> {
    return this.#reader.close()
  }

  async #fill(messages: StoredMessage<NumberId>[], maxBytes: number, signal: AbortSignal): Promise<void> {
    let left = maxBytes
    while (left > 0 && !signal.aborted) {
      if (this.#decoder === undefined) {
        const frame = await this.#reader.nextFrame(messages.length > 0)
        if (frame === undefined) return
        this.#decoder = new FrameDecoder(frame, this.#from)
      }
      const used = this.#decoder.decode(messages, left)
      if (this.#decoder.done) this.#decoder = undefined
      else if (used === 0) return
      left -= used
    }
  }

  async #mapped<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw WalError.isInstance(error) ? error : mapError(error, `reading ${this.#parts.log.path}`)
    }
  }
}
