import { WalError } from '../../errors/wal-error.js'
import { CloseTree } from '../../helper/close-tree.js'
import type { MessageId, MessageIdCodec } from '../../message/message-id.js'
import type { StoredMessage } from '../../message/wire-message.js'
import type { ScannerImpls, ScannerOptions } from '../../scanner.js'
import type { Guarantees, Limits } from '../../traits.js'
import type { ReadOnlyWALImpls, Waits } from '../../wal.js'
import { type FaultContext, faultyCall } from './faulty-call.js'
import { FaultyScanner } from './faulty-scanner.js'

export interface FaultyLogContext extends FaultContext {
  readonly messageIds: MessageIdCodec
  readonly opener: CloseTree
}

export class FaultyReadOnlyWAL implements ReadOnlyWALImpls {
  protected readonly closing = new AbortController()
  readonly #tree = new CloseTree(() => this.#release())
  readonly #leave: () => void

  readonly #log: ReadOnlyWALImpls

  constructor(
    log: ReadOnlyWALImpls,
    protected readonly context: FaultyLogContext,
  ) {
    this.#log = log
    context.faults.openLogs++
    this.#leave = context.opener.add(() => this.close())
  }

  get channel(): string {
    return this.#log.channel
  }

  get place(): string {
    return this.#log.place
  }

  get limits(): Limits {
    return this.#log.limits
  }

  get guarantees(): Guarantees {
    return this.#log.guarantees
  }

  last(waits?: Waits): Promise<StoredMessage | undefined> {
    const signals = [waits?.signal, this.closing.signal]
    return faultyCall(this.context, { call: 'last', signals }, () => this.#log.last(waits))
  }

  read(options: ScannerOptions): ScannerImpls {
    const { faults } = this.context
    const maxBytes = faults.plan.readBytes?.() ?? options.maxBytes
    let leave = () => {}
    faults.openScanners++
    const scanner = new FaultyScanner({
      inner: this.#log.read({ ...options, maxBytes }),
      context: this.context,
      signal: options.signal,
      oldest: () => this.#oldest(),
      released: () => {
        faults.openScanners--
        leave()
      },
    })
    leave = this.#tree.add(() => scanner.close())
    return scanner
  }

  close(): Promise<void> {
    if (!this.closing.signal.aborted) this.closing.abort(new WalError('WAL_CLOSED', 'the log is closed'))
    return this.#tree.close()
  }

  async #release(): Promise<void> {
    this.context.faults.openLogs--
    this.#leave()
    await this.#log.close()
  }

  /** The serialised id of the oldest record. */
  async #oldest(): Promise<string | undefined> {
    const scanner = this.#log.read({ start: 'oldest', maxBytes: 1 })
    try {
      const id: MessageId | undefined = (await scanner.next())?.[0]?.id
      return id === undefined ? undefined : this.context.messageIds.serialise(id)
    } finally {
      await scanner.close()
    }
  }
}
