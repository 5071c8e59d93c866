import type { EventBody } from '../../../conformance/src/history/history-event.js'
import type { PulsarOptions } from '../../src/driver/options.js'

/** The task of the process of the older writer, as JSON in its one argument. */
export interface OldWriterTask {
  readonly options: PulsarOptions
  readonly channel: string
}

/** A line that the process prints. */
export type OldWriterLine =
  | { readonly event: EventBody; readonly at: string; readonly token?: string }
  | { readonly ended: string | undefined }
