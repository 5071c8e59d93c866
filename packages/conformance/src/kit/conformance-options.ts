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
   * Where its logs are: the options, what makes them (called at every opener), or a URL. Every test has a channel of its
   * own there, with a name that nobody had before. It deletes the channel at its end where the backend can, or leaves it
   * behind.
   */
  readonly options: Readonly<Record<string, unknown>> | string | (() => Readonly<Record<string, unknown>>)
  /** `openWal` of `@wal/core`, as the backend's users have it. */
  readonly openWal: OpenWal
  /** What the tests are called by. Default: the builder's name. */
  readonly name?: string
  /** Whether the backend itself refuses the opening record of a lower term. It need not; the adaptor does. */
  readonly refusesLowerTerm?: boolean
  /**
   * Whether the backend itself refuses a record over `limits.maxRecordBytes`. It need not, the adaptor does. To be `false`
   * as well where the limit is too large for a test to exceed (96 MiB).
   */
  readonly refusesTooLarge?: boolean
  /** Options with which connecting or opening fails and that hold secrets. Needed where an option is a secret. */
  readonly failedLogin?: Readonly<Record<string, unknown>>
  /** Needed for a backend that more than one process can use. */
  readonly processes?: ProcessOptions
  /**
   * Breaks every connection between the backend and its server, now, in the midst of requests: by a proxy in between, or by
   * a command of the server. Resolves when they are broken. Without it, name `disturbed` in `leftOut`: a backend without
   * connections has none to break.
   */
  disturb?(): Promise<void> | void
  /**
   * Kills the server without a chance to clean up and starts it again with its data. Resolves when it answers. Without it,
   * name `crashed` in `leftOut`: where the backend's process is all that there is, `processes` kills that.
   */
  crash?(): Promise<void> | void
  /**
   * Saves a channel's log as it is stored now: its records, its fence, where it begins. Without it, name `lost-end` in
   * `leftOut`.
   */
  saveState?(channel: string): Promise<SavedState> | SavedState
  /**
   * Copies a channel's log, as it is stored now, to another place, where it has the same name. Resolves to the options with
   * which the backend finds it there. Without it, name `restored-copy` in `leftOut`.
   */
  copy?(channel: string): Promise<Readonly<Record<string, unknown>>> | Readonly<Record<string, unknown>>
  /**
   * Removes records from the middle of a channel's stored log, as others may: a command of an operator, a server's
   * retention. Those who have the log open are not told. Without it, name `holes` in `leftOut`: where storage gives nobody
   * a way to take records out of a log, there are no holes.
   */
  loseRecords?(records: LostRecords): Promise<void> | void
  /** What a process of the kit's is to the backend. Called for each process. Default: a copy of the
   * system's own runtime. */
  runtime?(): Runtime
  /** Of the randomised workload. Default: the environment's `WAL_TEST_SEED`, else random. Printed. */
  readonly seed?: number
  /** How long whatever must happen may take. Default 60,000. */
  readonly patienceMs?: number
}

/** Records of a channel, from one id up to another, both included. The ids are serialised. */
export interface LostRecords {
  readonly channel: string
  readonly from: string
  readonly to: string
}

/** A log as it was stored when it was saved. */
export interface SavedState {
  /**
   * Puts the stored log back to that state, in its place, while writers and readers have it open: what was stored since is
   * gone, as after a failover to a server that did not have it, or when a backup is restored. What such an event does to
   * connections is done too (`disturb`).
   */
  putBack(): Promise<void> | void
}

/** How to run the backend in processes of their own. */
export interface ProcessOptions {
  /** A module that calls `conformanceProcess({ openWal, builder })`: all of a child process' program. */
  readonly module: URL | string
  /** What Node needs to run it: `['--import', 'tsx']` for TypeScript. Default: that of this process. */
  readonly execArgv?: readonly string[]
  /** Added to this process' environment. */
  readonly env?: Readonly<Record<string, string>>
  /**
   * A writer that is stopped in the midst of a store holds a lock for which a newer one has to wait, as on SQLite. It is
   * then continued while the newer one opens, not after. Default: false.
   */
  readonly stoppedHoldsLock?: boolean
  /** Takeovers from a writer that is stopped. Default: the environment's `WAL_TEST_TAKEOVERS`, else 3. */
  readonly takeovers?: number
}

export interface ConformanceOptions extends BackendUnderTest {
  readonly test: TestFunction
  /**
   * What does not apply to this backend by its traits and by what is given here: a test as `part: name`, or a whole
   * part. One more test holds the list to be true.
   */
  readonly leftOut?: readonly string[]
}
