import type { PulsarOptions } from '../../src/driver/options.js'

/** The task of the process of the older writer, as JSON in its one argument. */
export interface OldWriterTask {
  readonly options: PulsarOptions
  readonly channel: string
}
