import type { KnownPlace } from '../../log/known-place.js'
import type { ForeignBookmark } from './foreign-bookmark.js'
import type { OwnBookmark } from './own-bookmark.js'
import type { StageContext } from './read-stage.js'
import type { ReorderBudget } from './reorder-budget.js'

/** How many records did not count, so far. */
export interface PassedOver {
  voids: number
  duplicates: number
}

/** One reader's reading of a log that this library wrote. */
export interface OwnReading {
  readonly kind: 'own'
  readonly context: StageContext
  readonly passedOver: PassedOver
  readonly bookmark: OwnBookmark
  /** Who is the current writer at the position that reading starts from, and the last time tick up to there. */
  readonly known: KnownPlace | undefined
}

/** One reader's reading of a log that another system wrote. */
export interface ForeignReading {
  readonly kind: 'foreign'
  readonly context: StageContext & { readonly reorder: ReorderBudget }
  readonly passedOver: PassedOver
  readonly bookmark: ForeignBookmark
  /** Whether a record that came too late for its place is delivered as such. Otherwise it ends the reader. */
  readonly deliverLate: boolean
}

/** What stages are made for. */
export type Reading = OwnReading | ForeignReading
