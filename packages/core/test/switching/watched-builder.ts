import type {
  Batch,
  MessageId,
  OpenerBuilderImpls,
  ScannerImpls,
  ScannerOptions,
  WALImpls,
  Waits,
} from '@wal/walimpls'

export interface ReadingEvents {
  /** Whether scanners of this writer may tail now: the writer is open and not fenced. */
  mayTail(): boolean
  toTailing(): void
  /** Called when a tailing reader reads the backend again. */
  toCatchUp(): void
  errorInCatchUp(): void
}

/**
 * The same backend, which notices how scanners go over to the write-ahead buffer and come back: one that has just read
 * without error and closes its backend scanner, though neither it nor the log ends, tails from then on; when it reads the
 * backend again it has fallen out of the buffer. Scanners are told apart by the signal that each has of its own.
 */
export function watchedBuilder(inner: OpenerBuilderImpls, events: ReadingEvents): OpenerBuilderImpls {
  return {
    ...inner,
    build: async (options, runtime, waits) => {
      const opener = await inner.build(options, runtime, waits)
      const watch = new Watch(events)
      return {
        openReadOnly: (channel, waits) => opener.openReadOnly(channel, waits),
        open: async (channel, writer, waits) =>
          new WatchedLog(await opener.open(channel, writer, waits), watch),
        close: () => opener.close(),
      }
    },
  }
}

class Watch {
  readonly tailing = new WeakSet<AbortSignal>()
  /** The signals of reads of the log's end, which are no scanners of users. */
  readonly lookers = new WeakSet<AbortSignal>()

  constructor(readonly events: ReadingEvents) {}
}

class WatchedLog implements WALImpls {
  #closed = false
  readonly #inner: WALImpls
  readonly #watch: Watch

  constructor(inner: WALImpls, watch: Watch) {
    this.#inner = inner
    this.#watch = watch
  }

  get channel() {
    return this.#inner.channel
  }

  get place() {
    return this.#inner.place
  }

  get writer() {
    return this.#inner.writer
  }

  get limits() {
    return this.#inner.limits
  }

  get guarantees() {
    return this.#inner.guarantees
  }

  append(batch: Batch) {
    return this.#inner.append(batch)
  }

  truncate(before: MessageId, waits?: Waits) {
    return this.#inner.truncate(before, waits)
  }

  last(waits?: Waits) {
    if (waits?.signal !== undefined) this.#watch.lookers.add(waits.signal)
    return this.#inner.last(waits)
  }

  read(options: ScannerOptions): ScannerImpls {
    const { signal } = options
    const scanner = this.#inner.read(options)
    const { events, tailing, lookers } = this.#watch
    if (signal === undefined || lookers.has(signal)) return scanner
    if (tailing.delete(signal)) events.toCatchUp()
    let answered = false
    return {
      ready: () => scanner.ready(),
      next: async () => {
        answered = false
        try {
          const batch = await scanner.next()
          answered = batch !== undefined
          return batch
        } catch (error) {
          if (!signal.aborted && events.mayTail()) events.errorInCatchUp()
          throw error
        }
      },
      close: () => {
        if (answered && !signal.aborted && !this.#closed && events.mayTail()) {
          tailing.add(signal)
          events.toTailing()
        }
        answered = false
        return scanner.close()
      },
    }
  }

  close() {
    this.#closed = true
    return this.#inner.close()
  }
}
