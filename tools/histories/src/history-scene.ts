import type { OpenerBuilderImpls } from '@wal/walimpls'
import type { HistoryFault } from './faults/history-fault.js'

/** A backend's options as `openWal` takes them, or a URL. */
export type BackendOptions = Readonly<Record<string, unknown>> | string

/** A backend with servers of its own, and the fault that affects the servers. */
export interface HistoryScene {
  // biome-ignore lint/suspicious/noExplicitAny: takes the builder of every backend.
  readonly builder: OpenerBuilderImpls<any, any>
  /** The options with which writers reach the servers. */
  readonly writing: BackendOptions
  /** The options with which read-only logs reach the servers. Default: those of the writers. */
  readonly reading?: BackendOptions
  readonly fault: HistoryFault
}
