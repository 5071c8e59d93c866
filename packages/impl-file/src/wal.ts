import {
  type Batch,
  type Guarantees,
  type Limits,
  type ReadOnlyWALImpls,
  type Runtime,
  type ScannerImpls,
  type ScannerOptions,
  type StoredMessage,
  type WALImpls,
  type Waits,
  WalError,
  type Writer,
} from '@wal/walimpls'
import type { Lifetime, NumberId } from '@wal/walimpls/helper'
import { AppendQueue } from './append-queue.js'
import { Changes } from './changes.js'
import { LogDirectory } from './log-directory.js'
import { lastRecord } from './log-end.js'
import { LogWriter } from './log-writer.js'
import { messageIds } from './message-id.js'
import { openScanner } from './scanner.js'
import { truncateSegments } from './truncation.js'

const MEBIBYTE = 1024 * 1024

/** Two batches may be in flight, so that one is encoded while the one before it is written. They are written one by one. */
const LIMITS: Limits = {
  maxRecordBytes: 64 * MEBIBYTE,
  maxBatchBytes: 8 * MEBIBYTE,
  maxBatchMessages: 65_536,
  maxInFlightBatches: 2,
}

const SHARED_WARNING =
  'The log lies on a network file system, where syncs and exclusive creation depend on the server and on every client. Keep it on a local disk, or use a broker as the backend.'

export interface FileWALParts {
  readonly runtime: Runtime
  readonly channel: string
  readonly directory: string
  /** Device and inode of the folder, as a text. */
  readonly place: string
  /** Whether other hosts may write to the folder. No marker keeps these out. */
  readonly shared: boolean
  readonly segmentBytes: number
  readonly opener: Lifetime
}

export class FileReadOnlyWAL implements ReadOnlyWALImpls<NumberId> {
  readonly channel: string
  readonly place: string
  readonly limits = LIMITS
  protected readonly log: LogDirectory
  protected readonly changes: Changes
  protected readonly lifetime: Lifetime
  /** Notices for operators: damage that was found and left out. */
  protected readonly notices = new Set<string>()

  constructor(protected readonly parts: FileWALParts) {
    this.channel = parts.channel
    this.place = parts.place
    this.log = new LogDirectory(parts.runtime.files, parts.directory)
    this.changes = new Changes(parts.runtime, parts.directory)
    this.lifetime = parts.opener.ofLog(parts.channel, () => this.release())
  }

  get guarantees(): Guarantees {
    const { shared } = this.parts
    return {
      durability: 'synced to disk before acknowledgement (O_DSYNC or fdatasync), as honest as the disk is',
      fencing: shared
        ? 'none between hosts: the folder lies on a network file system'
        : 'host: writers of one host on a local file system, by an epoch marker created exclusively',
      retention: 'kept until truncated',
      truncation: `whole segments of ${this.parts.segmentBytes} bytes`,
      warnings: [...(shared ? [SHARED_WARNING] : []), ...this.troubles(), ...this.notices],
    }
  }

  last(waits?: Waits): Promise<StoredMessage<NumberId> | undefined> {
    const look = () => lastRecord(this.log, this.parts.runtime)
    return this.lifetime.during(waits, look, `reading ${this.log.path}`)
  }

  read(options: ScannerOptions<NumberId>): ScannerImpls<NumberId> {
    const { log, changes, lifetime } = this
    return openScanner({ log, changes, lifetime, runtime: this.parts.runtime, options })
  }

  close(): Promise<void> {
    return this.lifetime.close()
  }

  /** Warnings about what is wrong now. They go when it does. */
  protected troubles(): readonly string[] {
    return []
  }

  /** Runs when all scanners are closed. */
  protected async release(): Promise<void> {
    await this.lifetime.settled()
  }
}

export class FileWAL extends FileReadOnlyWAL implements WALImpls<NumberId> {
  readonly fenceReaches: boolean
  readonly #logWriter: LogWriter
  readonly #queue: AppendQueue

  constructor(
    parts: FileWALParts,
    readonly writer: Writer,
  ) {
    super(parts)
    this.fenceReaches = !parts.shared
    this.#logWriter = new LogWriter(this.log, writer, {
      segmentBytes: parts.segmentBytes,
      report: (notice) => this.notices.add(notice),
    })
    const bounds = { ...LIMITS, lifetime: this.lifetime }
    this.#queue = new AppendQueue(this.#logWriter, bounds, () => this.changes.notify())
  }

  append(batch: Batch): Promise<readonly NumberId[]> {
    return this.#queue.append(batch)
  }

  truncate(before: NumberId, waits?: Waits): Promise<void> {
    const free = () => this.#truncate(messageIds.numberOf(before))
    return this.lifetime.inTurn(waits, free, `truncating ${this.log.path}`)
  }

  protected override troubles(): readonly string[] {
    if (!this.#logWriter.lacksReserve) return []
    return [
      `${this.log.path}: the disk is full, and no room could be set aside. Truncate the log while it is open: another writer may find no room for its opening record.`,
    ]
  }

  protected override async release(): Promise<void> {
    await this.#queue.settled()
    await super.release()
    await this.#logWriter.close()
  }

  async #truncate(before: number): Promise<void> {
    if (this.#logWriter.isFenced())
      throw new WalError(
        'WAL_FENCED',
        `${this.log.path}: another writer has taken over. Only that one may truncate.`,
      )
    await truncateSegments(this.log, before)
    await this.#logWriter.fillReserve()
  }
}
