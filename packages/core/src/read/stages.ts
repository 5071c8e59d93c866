import type { ReadOptions } from '../api/scanner.js'
import { chooseUnits } from './stage/choose-units.js'
import type { ReadStage } from './stage/read-stage.js'
import type { Reading } from './stage/reading.js'
import { reorder } from './stage/reorder.js'
import { start } from './stage/start.js'
import { storedDuplicates } from './stage/stored-duplicates.js'
import { voidRecords } from './stage/void-records.js'

/** Undefined when a reader of this log needs no such stage. */
export type MakeStage = (reading: Reading) => ReadStage | undefined
type MakeChoice = (options: ReadOptions) => ReadStage

/**
 * The stages that records pass between the log and a reader's user, in this order. To add a stage, write its file in `stage/`
 * and name it here.
 */
export const READ_STAGES: {
  readonly counting: readonly MakeStage[]
  readonly assembling: readonly MakeStage[]
  readonly start: MakeStage
  readonly choosing: readonly MakeChoice[]
} = {
  /** Find out which records count, and put them in order. Every reader of a log needs these stages. */
  counting: [voidRecords, storedDuplicates, reorder],
  /**
   * Join records that belong together to units; see `stage/holding-stage.ts`. Each scanner does so by itself: readers that
   * share a backend scanner share its records, and `resolve` looks for records, not for units.
   *
   * When chunked messages come, their stage goes before the one of transactions, whose messages may be chunked. The chunks of a
   * message share a time tick, so `storedDuplicates` will have to compare the number of the chunk too.
   */
  assembling: [],
  /** Drops the units that lie at or below the position from which the reader resumed. */
  start,
  /**
   * Filter units by the options of `read`. These stages must remember nothing, since a reader that has rested reads the units
   * again that its user has not got yet. So a limit on the number of messages belongs in `batch-at-hand.ts`, where elements go
   * to the user. A stage that decodes payloads belongs behind the filters: its results belong to one reader alone.
   *
   * After all stages, `delivery-stage.ts` makes the elements that users get.
   */
  choosing: [chooseUnits],
}
