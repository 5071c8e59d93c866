import { LogRolledBackError } from '../errors/log-rolled-back-error.js'
import { PositionTruncatedError } from '../errors/position-truncated-error.js'
import { WalError } from '../errors/wal-error.js'
import type { Lifetime } from '../helper/lifetime.js'
import { PagedScanner } from '../helper/paged-scanner.js'
import { checkKept, startValue } from '../helper/start-position.js'
import type { StoredMessage } from '../message/wire-message.js'
import type { Runtime } from '../runtime/runtime.js'
import type { ScannerOptions } from '../scanner.js'
import type { Guarantees, Limits } from '../traits.js'
import type { ReadOnlyWALImpls, Waits } from '../wal.js'
import { type MemoryId, memoryIds } from './memory-id.js'
import type { MemoryLog } from './memory-log.js'

const guarantees: Guarantees = {
  durability: 'none: the log is gone when the process ends',
  fencing: 'writers of this process',
  retention: 'kept until truncated, deleted or the process ends',
  truncation: 'record',
  warnings: [
    'The memory backend is for tests: nothing is written to disk. Use another backend to keep data.',
  ],
}

export interface MemoryLogParts {
  readonly channel: string
  readonly place: string
  readonly log: MemoryLog
  readonly limits: Limits
  readonly runtime: Runtime
  readonly opener: Lifetime
}

export class MemoryReadOnlyWAL implements ReadOnlyWALImpls<MemoryId> {
  readonly guarantees = guarantees
  readonly channel: string
  readonly place: string
  readonly limits: Limits
  protected readonly log: MemoryLog
  protected readonly lifetime: Lifetime

  constructor(protected readonly parts: MemoryLogParts) {
    const { channel, place, limits, log, opener } = parts
    this.channel = channel
    this.place = place
    this.limits = limits
    this.log = log
    this.lifetime = opener.ofLog(channel, () => this.drained())
  }

  last(waits?: Waits): Promise<StoredMessage<MemoryId> | undefined> {
    return this.lifetime.during(waits, async () => {
      this.mustBeThere()
      const { last, next, oldest } = this.log
      if (last === undefined && next > oldest) throw lost(oldest, undefined)
      return last
    })
  }

  read(options: ScannerOptions<MemoryId>): PagedScanner<MemoryId> {
    const { log, lifetime } = this
    let next = 0
    /**
     * The last record that the scanner gave out. When another record has its number, the log lost its end and new records were
     * stored.
     */
    let given: object | undefined
    const listener = log.bell.listener(this.parts.runtime)
    return new PagedScanner<MemoryId>({
      options,
      owner: lifetime,
      begin: async () => {
        next = startValue(memoryIds, options.start, log)
      },
      page: async (maxBytes) => {
        listener.heard()
        this.mustBeThere()
        checkKept(memoryIds, next, log.oldest)
        if (given !== undefined && next > log.oldest && log.identityOf(next - 1) !== given)
          throw rolledBack(next - 1)
        const kept = log.firstKept(next)
        if (kept !== next && next < log.next) throw lost(next, kept)
        const page = log.page(next, maxBytes)
        next += page.length
        if (page.length > 0) given = log.identityOf(next - 1)
        return page
      },
      waitForMore: (signal) => listener.wait(signal),
    })
  }

  close(): Promise<void> {
    return this.lifetime.close()
  }

  /** Waits for appends in progress, when the log closes. A read-only log has none. */
  protected async drained(): Promise<void> {}

  protected mustBeThere(): void {
    if (this.log.removed)
      throw new WalError('WAL_CHANNEL_NOT_FOUND', `The channel "${this.channel}" was deleted.`)
  }
}

function lost(wanted: number, kept: number | undefined): PositionTruncatedError {
  const text = memoryIds.serialise(memoryIds.of(wanted))
  return new PositionTruncatedError(
    `Record ${text} was removed, though the log was not truncated there.`,
    kept === undefined ? {} : { oldest: memoryIds.serialise(memoryIds.of(kept)) },
  )
}

function rolledBack(known: number): LogRolledBackError {
  const text = memoryIds.serialise(memoryIds.of(known))
  return new LogRolledBackError(`Record ${text} was read and is gone: the log lost its end.`, { known: text })
}
