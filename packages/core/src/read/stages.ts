import type { ReadOptions } from '../api/scanner.js'
import { chooseUnits } from './stage/choose-units.js'
import type { ReadStage } from './stage/read-stage.js'
import type { Reading } from './stage/reading.js'
import { reorder } from './stage/reorder.js'
import { start } from './stage/start.js'
import { storedDuplicates } from './stage/stored-duplicates.js'
import { voidRecords } from './stage/void-records.js'

/** Undefined where a log needs no such stage. */
export type MakeStage = (reading: Reading) => ReadStage | undefined
type MakeChoice = (options: ReadOptions) => ReadStage

/**
 * The way from stored records to what a reader delivers, one stage after the other. To add a stage, write its file in
 * `stage/` and name it here.
 */
export const READ_STAGES: {
  readonly counting: readonly MakeStage[]
  readonly assembling: readonly MakeStage[]
  readonly start: MakeStage
  readonly choosing: readonly MakeChoice[]
} = {
  /** Which records count, and in which order. Every reading of the log goes through these. */
  counting: [voidRecords, storedDuplicates, reorder],
  /**
   * Makes units of records that belong together; see `stage/holding-stage.ts`. Each scanner does so for itself: readers that
   * share a backend scanner share records, and the search for a lost append looks for records.
   *
   * Chunks come first, then transactions, whose messages may be chunked. The pieces of a chunked message share a time tick,
   * so `storedDuplicates` will have to compare time tick and number of the piece.
   */
  assembling: [],
  /** Drops what was delivered before the position that reading resumes from. */
  start,
  /**
   * Which units are this reader's, from the options of `read`. These stages remember nothing: a reader that has rested passes
   * units again that were not handed out. So a limit on how many is not for them, but for where elements are handed out,
   * `batch-at-hand.ts`. A codec decodes behind the filters: what it makes belongs to this reader alone.
   *
   * `delivery-stage.ts` comes last, and makes the elements that users get.
   */
  choosing: [chooseUnits],
}
