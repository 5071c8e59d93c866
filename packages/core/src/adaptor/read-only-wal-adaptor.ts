import {
  AppendError,
  type Guarantees,
  type MessageIdCodec,
  type ReadOnlyWALImpls,
  type Waits,
} from '@wal/walimpls'
import { CloseTree } from '@wal/walimpls/helper'
import type { Delivery, NoReadOptions, ReadOptions, Scanner } from '../api/scanner.js'
import type { AppendResolution, Channel, ReadOnlyWAL } from '../api/wal.js'
import { Trouble } from '../diagnostics/trouble.js'
import { WalMetrics } from '../diagnostics/wal-metrics.js'
import { closeWithin } from '../lifetime/close-within.js'
import type { LogEnd } from '../log/log-end.js'
import { awaitLogEnd } from '../log/read-log-end.js'
import type { ResolvedWalOptions } from '../options/wal-options.js'
import { PageBudget } from '../read/page-budget.js'
import type { ReadContext } from '../read/read-context.js'
import { ScannerAdaptor } from '../read/scanner-adaptor.js'
import { SharedLooks } from '../read/shared-looks.js'
import { SharedTail } from '../read/shared-tail.js'
import { ReorderBudget } from '../read/stage/reorder-budget.js'
import { Resolver } from '../resolve/resolver.js'
import { sharedClock } from '../time-tick/hybrid-clock.js'
import { closedError } from './closed-error.js'

/** A log open for reading: scanners and their lifetimes. */
export class ReadOnlyWalAdaptor implements ReadOnlyWAL {
  readonly backend: string
  readonly channel: Channel
  readonly signal: AbortSignal
  readonly #ended = new AbortController()
  readonly #scanners = new Set<ScannerAdaptor>()
  readonly #context: ReadContext
  readonly #tree: CloseTree
  readonly #resolver: Resolver
  readonly #where: string
  readonly #log: ReadOnlyWALImpls
  /** Undefined where the user made the opener, and closes it. */
  #ownOpener: Closable | undefined
  #closing = false

  constructor(parts: {
    readonly backend: string
    readonly ids: MessageIdCodec
    readonly channel: string
    readonly where: string
    readonly log: ReadOnlyWALImpls
    readonly options: ResolvedWalOptions
    readonly parent: CloseTree
  }) {
    const { backend, ids, channel, where, log, options, parent } = parts
    const { runtime, logger } = options
    this.backend = backend
    this.channel = { name: channel, accessMode: 'ro', term: -1 }
    this.#log = log
    this.signal = this.#ended.signal
    this.#where = where
    const view = { log, ids, where, runtime, logger, signal: this.signal }
    const metrics = WalMetrics.create({ backend, channel, term: -1 }, logger)
    metrics?.observe()
    let known: LogEnd | undefined
    const looks = new SharedLooks(runtime, async () => {
      known = await awaitLogEnd(view, new Trouble(view), { known })
      return known
    })
    const context: ReadContext = {
      where,
      backend,
      ids,
      runtime,
      logger,
      metrics,
      log: () => log,
      tail: undefined,
      pages: new PageBudget(Math.floor(options.budgetBytes / 4)),
      reorder: new ReorderBudget(Math.floor(options.budgetBytes / 2)),
      follow: (timeTick) => sharedClock(runtime).follow(timeTick, options.maxClockAheadMs),
      end: (signal) => looks.end(signal),
    }
    // Half of the budget is the tail's in a log of ours, and the reordering's in another system's.
    const capacityBytes = Math.floor(options.budgetBytes / 2)
    this.#context = {
      ...context,
      tail: new SharedTail(context, { capacityBytes, maxAgeMs: options.bufferAgeMs }),
    }
    this.#tree = new CloseTree(() => this.#close(log).finally(() => metrics?.close()), parent)
    this.#resolver = new Resolver({
      context: () => this.#context,
      tree: this.#tree,
      closed: () => closedError(where),
    })
  }

  read<O extends ReadOptions = NoReadOptions>(options?: O): Scanner<Delivery<O>> {
    if (this.#closing) throw closedError(this.#where)
    return startScanner(this.#context, options, this.#scanners) as unknown as Scanner<Delivery<O>>
  }

  resolve(token: string, waits: Waits = {}): Promise<AppendResolution> {
    return this.#resolver.resolve(token, waits)
  }

  get guarantees(): Guarantees {
    return this.#log.guarantees
  }

  /** Not in the interface: callers without types get `WAL_READ_ONLY` (G12) instead of a `TypeError`. */
  append(): Promise<never> {
    return this.#refuse()
  }

  appendBatch(): Promise<never> {
    return this.#refuse()
  }

  barrier(): Promise<never> {
    return this.#refuse()
  }

  latestReadableTimeTick(): Promise<never> {
    return this.#refuse()
  }

  truncate(): Promise<never> {
    return this.#refuse()
  }

  async #refuse(): Promise<never> {
    throw new AppendError(
      'WAL_READ_ONLY',
      `${this.#where} is open for reading only. To append or truncate, open it with accessMode: 'rw'.`,
      {
        outcome: 'not-written',
      },
    )
  }

  /** From now on `close` closes that opener as well, after the WAL: it was made for this WAL alone. */
  closesWithIt(opener: Closable): void {
    this.#ownOpener = opener
  }

  async close(): Promise<void> {
    this.#closing = true
    await closeInTurn(this.#tree, this.#ownOpener)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(log: ReadOnlyWALImpls): Promise<void> {
    this.#closing = true
    this.#ended.abort(closedError(this.#where))
    try {
      await closeScanners(this.#scanners)
    } finally {
      await closeWithin(this.#context, 'log', log)
    }
  }
}

export interface Closable {
  close(): Promise<void>
}

/** Closes the second when the first is closed, also if the first failed to close. */
export async function closeInTurn(first: Closable, second: Closable | undefined): Promise<void> {
  try {
    await first.close()
  } finally {
    await second?.close()
  }
}

export function startScanner(
  context: ReadContext,
  options: ReadOptions | undefined,
  open: Set<ScannerAdaptor>,
): ScannerAdaptor {
  const given = options === undefined ? {} : options
  const scanner: ScannerAdaptor = new ScannerAdaptor(context, given, () => open.delete(scanner))
  open.add(scanner)
  return scanner
}

export async function closeScanners(open: Set<ScannerAdaptor>): Promise<void> {
  await Promise.all([...open].map((scanner) => scanner.close()))
}
