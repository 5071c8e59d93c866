import type { OpenerBuilderImpls } from '@wal/walimpls'
import type { HistoryFault } from './faults/history-fault.js'

/** A backend's options as `openWal` takes them, or a URL. */
export type BackendOptions = Readonly<Record<string, unknown>> | string

/** A backend on servers of its own, and the fault that strikes them. */
export interface HistoryScene {
  // biome-ignore lint/suspicious/noExplicitAny: takes the builder of every backend.
  readonly builder: OpenerBuilderImpls<any, any>
  /** How writers reach the servers. */
  readonly writing: BackendOptions
  /** How read-only logs reach them; as the writers, when not given. */
  readonly reading?: BackendOptions
  readonly fault: HistoryFault
}
