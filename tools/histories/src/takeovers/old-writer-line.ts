import type { EventBody } from '../../../../packages/conformance/src/history/history-event.js'

/** A line that the process of an older writer prints, as JSON. `at` is a time that all processes of the machine share. */
export type OldWriterLine =
  | { readonly event: EventBody; readonly at: string; readonly token?: string }
  | { readonly pausing: true }
  | { readonly ended: string | undefined }
