import type { OpenerBuilderImpls, Runtime } from '@wal/walimpls'
import type { OpenWal } from './adaptor.js'

/** vitest's `test`, or that of node:test. */
export type TestFunction = (
  name: string,
  options: { readonly timeout: number },
  run: () => Promise<void>,
) => unknown

export interface BackendUnderTest {
  // biome-ignore lint/suspicious/noExplicitAny: takes every backend.
  readonly builder: OpenerBuilderImpls<any, any>
  /**
   * Where the tests' logs are stored: the backend's options, a function that makes them (called for each opener), or a URL.
   * Every test uses a channel with a new random name there. At its end it deletes the channel if the backend can delete;
   * otherwise the channel stays.
   */
  readonly options: Readonly<Record<string, unknown>> | string | (() => Readonly<Record<string, unknown>>)
  /** `openWal` of `@wal/core`, the function that the backend's users call. */
  readonly openWal: OpenWal
  /** The names of all tests begin with this text. Default: the builder's name. */
  readonly name?: string
  /**
   * Whether the backend itself rejects an append by a writer whose term is lower than the log's. Default: true. A backend
   * may say false, since `@wal/core` refuses such a writer too; the kit then leaves that test out.
   */
  readonly refusesLowerTerm?: boolean
  /**
   * Whether the backend itself rejects a record over `limits.maxRecordBytes`. Default: true. A backend may say false, since
   * `@wal/core` refuses such a record too, and has to when its limit is 96 MiB or more: the kit makes no larger record.
   */
  readonly refusesTooLarge?: boolean
  /** Options that hold a secret and with which connecting or opening fails. Required when the backend has a secret option. */
  readonly failedLogin?: Readonly<Record<string, unknown>>
  /** How to start processes that use the backend. Required when more than one process can use it. */
  readonly processes?: ProcessOptions
  /**
   * Breaks every connection between the backend and its server at once, also those with a request under way: by a proxy in
   * between, or by a command of the server. Resolves when the connections are broken. A backend without connections leaves
   * this out and names `disturbed` in `leftOut`.
   */
  disturb?(): Promise<void> | void
  /**
   * Kills the server without a chance to clean up, and starts it again with its data. Resolves when the server answers. A
   * backend without a server leaves this out and names `crashed` in `leftOut`; the part `processes` kills its process.
   */
  crash?(): Promise<void> | void
  /**
   * Saves what is stored of a channel's log now: its records, its fence, and where the log begins. Without this hook, name
   * `lost-end` in `leftOut`.
   */
  saveState?(channel: string): Promise<SavedState> | SavedState
  /**
   * Copies what is stored of a channel's log now to another place, under the same channel name. Resolves to the options with
   * which the backend opens the copy. Without this hook, name `restored-copy` in `leftOut`.
   */
  copy?(channel: string): Promise<Readonly<Record<string, unknown>>> | Readonly<Record<string, unknown>>
  /**
   * Removes records from the middle of a channel's stored log, as an operator's command or a server's retention may do.
   * Writers and readers that have the log open are not told. When the storage offers no way to remove single records, leave
   * this out and name `holes` in `leftOut`.
   */
  loseRecords?(records: LostRecords): Promise<void> | void
  /**
   * Makes the runtime (clock, timers, files) of one process that the kit plays; called once for each. Default: a copy of the
   * system's runtime.
   */
  runtime?(): Runtime
  /**
   * Seed of the random workloads. Default: the environment variable `WAL_TEST_SEED`, else a random number. Every workload
   * prints its seed.
   */
  readonly seed?: number
  /** A test fails when it takes longer than this. Default: 60,000. */
  readonly patienceMs?: number
}

/** The records of a channel from the id `from` to the id `to`, both included. The ids are serialised. */
export interface LostRecords {
  readonly channel: string
  readonly from: string
  readonly to: string
}

/** What was stored of a log when `saveState` was called. */
export interface SavedState {
  /**
   * Puts the stored log back to the saved state while writers and readers have the log open. Records that were stored since
   * are gone, as after a failover to a replica that did not have them. A failover also breaks connections, so this does too.
   */
  putBack(): Promise<void> | void
}

/** How to start a process that uses the backend. */
export interface ProcessOptions {
  /** A module that calls `conformanceProcess({ openWal, builder })` and does nothing else: the child process's program. */
  readonly module: URL | string
  /** Arguments for Node, such as `['--import', 'tsx']` for TypeScript. Default: those of this process. */
  readonly execArgv?: readonly string[]
  /** Variables in addition to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
  /**
   * Whether a writer that is stopped (SIGSTOP) while it stores a batch holds a lock for which a newer writer has to wait, as
   * on SQLite. The kit then continues the stopped writer while the newer one opens, instead of after. Default: false.
   */
  readonly stoppedHoldsLock?: boolean
  /** How many times a newer writer takes over from a stopped one. Default: `WAL_TEST_TAKEOVERS` of the environment, else 3. */
  readonly takeovers?: number
}

export interface ConformanceOptions extends BackendUnderTest {
  readonly test: TestFunction
  /**
   * The tests that this backend need not pass, by its traits and by the hooks that it does not give: each as `part: name`,
   * or as `part` when all tests of a part are left out. The kit's last test fails when this list is not exactly right.
   */
  readonly leftOut?: readonly string[]
}
