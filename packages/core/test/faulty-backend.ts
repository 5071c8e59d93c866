/**
 * A unit-test fake, not a backend: wraps a real one and makes its calls fail as a broker's would, by chance (from a
 * seed) or by script. Pass `builder` to `openWal`. It keeps the contract of `WALImpls.append`: what is behind a failed
 * batch is not stored, and fails at one blow with it, as a driver whose connection broke does.
 */
import type {
  Batch,
  MessageId,
  OpenerBuilderImpls,
  OpenerImpls,
  ReadOnlyWALImpls,
  ScannerImpls,
  ScannerOptions,
  StoredMessage,
  WALImpls,
  Waits,
  Writer,
} from '@wal/walimpls'
import { AppendError, WalError } from '@wal/walimpls'

export type AppendFault =
  | 'fail'
  | 'store, then fail'
  | 'store twice, then fail'
  | 'store twice'
  | 'fence'
  | 'delay'
  | 'hang'
export type ReadFault = 'fail' | 'fail with a driver error' | 'delay'

export interface Faults {
  /** Asked before each batch; an error is thrown as it is. */
  append?(batch: Batch, writer: Writer): AppendFault | Error | undefined
  /** Asked before each `next` of a backend scanner. */
  read?(): ReadFault | Error | undefined
  /** Runs before a log is opened for writing. */
  open?(writer: Writer): Promise<void> | void
  /** Asked when a log's end is looked at. */
  last?(): Error | undefined
  /** Size of backend reads. */
  readBytes?(): number
}

interface Call {
  readonly batch: Batch
  resolve(ids: readonly MessageId[]): void
  reject(error: unknown): void
}

export class FaultyBackend {
  readonly builder: OpenerBuilderImpls
  readonly counts = new Map<string, number>()
  faults: Faults = {}
  /** Released by `letGo`. */
  #hanging: (() => void)[] = []
  #copies = 0
  /** Logs and scanners of the backend that were opened and not closed. */
  openLogs = 0
  openScanners = 0

  // biome-ignore lint/suspicious/noExplicitAny: wraps builders of every option and id type.
  constructor(inner: OpenerBuilderImpls<any, any>) {
    this.builder = {
      ...inner,
      build: async (options, runtime, waits) => this.#opener(await inner.build(options, runtime, waits)),
    }
  }

  count(event: string): void {
    this.counts.set(event, (this.counts.get(event) ?? 0) + 1)
  }

  counted(event: string): number {
    return this.counts.get(event) ?? 0
  }

  /** Ends every hang: the batch is stored after all. */
  letGo(): void {
    for (const go of this.#hanging.splice(0)) go()
  }

  hang(): Promise<void> {
    return new Promise((resolve) => this.#hanging.push(resolve))
  }

  /** A sequence the backend has not seen: it stores the batch again. */
  nextCopy(): number {
    return 1e12 + this.#copies++
  }

  #opener(inner: OpenerImpls): OpenerImpls {
    return {
      ...(inner.list === undefined
        ? {}
        : { list: (waits?: Waits) => (inner.list as NonNullable<typeof inner.list>)(waits) }),
      ...(inner.delete === undefined
        ? {}
        : {
            delete: (channel: string, waits?: Waits) =>
              (inner.delete as NonNullable<typeof inner.delete>)(channel, waits),
          }),
      openReadOnly: async (channel, waits) => new FaultyLog(await inner.openReadOnly(channel, waits), this),
      open: async (channel, writer, waits) => {
        await this.faults.open?.(writer)
        return new FaultyWriter(await inner.open(channel, writer, waits), this)
      },
      close: () => inner.close(),
    }
  }
}

class FaultyLog implements ReadOnlyWALImpls {
  #closed: Promise<void> | undefined

  constructor(
    protected readonly inner: ReadOnlyWALImpls,
    protected readonly backend: FaultyBackend,
  ) {
    backend.openLogs++
  }

  get channel() {
    return this.inner.channel
  }

  get limits() {
    return this.inner.limits
  }

  get guarantees() {
    return this.inner.guarantees
  }

  async last(waits?: Waits): Promise<StoredMessage | undefined> {
    const error = this.backend.faults.last?.()
    if (error !== undefined) throw error
    return this.inner.last(waits)
  }

  read(options: ScannerOptions): ScannerImpls {
    const maxBytes = this.backend.faults.readBytes?.() ?? options.maxBytes
    return new FaultyScanner(this.inner.read({ ...options, maxBytes }), this.backend)
  }

  close(): Promise<void> {
    if (this.#closed === undefined) {
      this.backend.openLogs--
      this.#closed = this.inner.close()
    }
    return this.#closed
  }
}

class FaultyWriter extends FaultyLog implements WALImpls {
  readonly #queue: Call[] = []
  #busy = false
  #fenced = false
  /** A call made in the turn of a failure can't know of it yet: it counts as behind it. */
  #failing = false

  constructor(
    private readonly log: WALImpls,
    backend: FaultyBackend,
  ) {
    super(log, backend)
  }

  get writer(): Writer {
    return this.log.writer
  }

  truncate(before: MessageId, waits?: Waits): Promise<void> {
    return this.log.truncate(before, waits)
  }

  append(batch: Batch): Promise<readonly MessageId[]> {
    if (this.#failing) {
      this.backend.count('handed in as another failed')
      return Promise.reject(notWritten('WAL_UNAVAILABLE', 'a batch before failed'))
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ batch, resolve, reject })
      if (!this.#busy) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#busy = true
    for (let call = this.#queue[0]; call !== undefined; call = this.#queue[0]) {
      try {
        const ids = await this.#store(call.batch)
        this.#queue.shift()
        call.resolve(ids)
      } catch (error) {
        this.#failing = true
        setImmediate(() => {
          this.#failing = false
        })
        const [failed, ...behind] = this.#queue.splice(0)
        failed?.reject(error)
        if (behind.length > 0) this.backend.count('several in flight failed')
        for (const each of behind) each.reject(notWritten('WAL_UNAVAILABLE', 'a batch before failed'))
      }
    }
    this.#busy = false
  }

  async #store(batch: Batch): Promise<readonly MessageId[]> {
    const { backend, log } = this
    if (this.#fenced) throw notWritten('WAL_FENCED', 'fenced (faulty backend)')
    const fault = backend.faults.append?.(batch, this.writer)
    if (fault === undefined) return log.append(batch)
    if (typeof fault !== 'string') throw fault
    backend.count(fault)
    // Where the second copy is refused (a newer writer came in between), the first is there all the same.
    const again = () =>
      log.append({ ...batch, sequence: backend.nextCopy() }).catch((cause: unknown) => {
        throw new Error('connection lost (faulty backend)', { cause })
      })
    switch (fault) {
      case 'fail':
        throw notWritten('WAL_UNAVAILABLE', 'refused (faulty backend)')
      case 'fence':
        this.#fenced = true
        throw notWritten('WAL_FENCED', 'fenced (faulty backend)')
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, 3))
        return log.append(batch)
      case 'hang':
        await backend.hang()
        return log.append(batch)
      case 'store twice':
        await log.append(batch)
        return again()
      case 'store, then fail':
        await log.append(batch)
        throw new Error('connection lost (faulty backend)')
      case 'store twice, then fail':
        await log.append(batch)
        await again()
        throw new Error('connection lost (faulty backend)')
    }
  }
}

class FaultyScanner implements ScannerImpls {
  #error: { readonly error: unknown } | undefined
  #closed: Promise<void> | undefined

  constructor(
    private readonly inner: ScannerImpls,
    private readonly backend: FaultyBackend,
  ) {
    backend.openScanners++
  }

  ready(): Promise<void> {
    return this.inner.ready()
  }

  async next(): Promise<readonly StoredMessage[] | undefined> {
    if (this.#error !== undefined) throw this.#error.error
    const fault = this.backend.faults.read?.()
    if (fault !== undefined) {
      this.backend.count(typeof fault === 'string' ? `read: ${fault}` : 'read: error')
      if (fault === 'delay') await new Promise((resolve) => setTimeout(resolve, 2))
      else {
        this.#error = {
          error:
            typeof fault !== 'string'
              ? fault
              : fault === 'fail'
                ? new WalError('WAL_UNAVAILABLE', 'reading failed (faulty backend)')
                : new Error('socket hang up (faulty backend)'),
        }
        throw this.#error.error
      }
    }
    return this.inner.next()
  }

  close(): Promise<void> {
    if (this.#closed === undefined) {
      this.backend.openScanners--
      this.#closed = this.inner.close()
    }
    return this.#closed
  }
}

function notWritten(code: 'WAL_UNAVAILABLE' | 'WAL_FENCED', text: string): AppendError {
  return new AppendError(code, text, { outcome: 'not-written' })
}
