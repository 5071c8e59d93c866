import { LogRolledBackError } from '../errors/log-rolled-back-error.js'
import { PositionTruncatedError } from '../errors/position-truncated-error.js'
import { WalError } from '../errors/wal-error.js'
import { CloseTree } from '../helper/close-tree.js'
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

export class MemoryReadOnlyWAL implements ReadOnlyWALImpls<MemoryId> {
  readonly guarantees = guarantees
  protected readonly tree: CloseTree

  constructor(
    readonly channel: string,
    readonly place: string,
    protected readonly log: MemoryLog,
    readonly limits: Limits,
    opener: CloseTree,
    protected readonly runtime: Runtime,
  ) {
    this.tree = new CloseTree(() => this.drained(), opener)
  }

  async last(waits?: Waits): Promise<StoredMessage<MemoryId> | undefined> {
    this.check(waits)
    const { last, next, oldest } = this.log
    if (last === undefined && next > oldest) throw lost(oldest, undefined)
    return last
  }

  read(options: ScannerOptions<MemoryId>): PagedScanner<MemoryId> {
    const { log } = this
    let next = 0
    /** The last record given out: when another has its number, the log lost its end and went on. */
    let given: object | undefined
    const listener = log.bell.listener(this.runtime)
    let leave = () => {}
    const scanner = new PagedScanner<MemoryId>({
      options,
      begin: async () => {
        this.tree.assertOpen('the log')
        next = startValue(memoryIds, options.start, log)
      },
      page: async (maxBytes) => {
        listener.heard()
        if (log.removed) throw deleted(this.channel)
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
      release: () => leave(),
    })
    leave = this.tree.add(() => scanner.close())
    return scanner
  }

  close(): Promise<void> {
    return this.tree.close()
  }

  /** Runs last when the log closes. */
  protected async drained(): Promise<void> {}

  protected check(waits: Waits | undefined): void {
    this.tree.assertOpen('the log')
    waits?.signal?.throwIfAborted()
    if (this.log.removed) throw deleted(this.channel)
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

function deleted(channel: string): WalError {
  return new WalError('WAL_CHANNEL_NOT_FOUND', `The channel "${channel}" was deleted.`)
}
