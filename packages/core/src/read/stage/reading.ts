import type { KnownPlace } from '../../log/known-place.js'
import type { ForeignBookmark } from './foreign-bookmark.js'
import type { OwnBookmark } from './own-bookmark.js'
import type { StageContext } from './read-stage.js'
import type { ReorderBudget } from './reorder-budget.js'

/** How many records were dropped so far, as void or as second copies. */
export interface PassedOver {
  voids: number
  duplicates: number
}

/** What the stages of one reader share, in a log that this library wrote. */
export interface OwnReading {
  readonly kind: 'own'
  readonly context: StageContext
  readonly passedOver: PassedOver
  readonly bookmark: OwnBookmark
  /** The current writer at the place where reading starts, and a time tick: nothing up to this time tick is delivered. */
  readonly known: KnownPlace | undefined
}

/** What the stages of one reader share, in a log that another system wrote. */
export interface ForeignReading {
  readonly kind: 'foreign'
  readonly context: StageContext & { readonly reorder: ReorderBudget }
  readonly passedOver: PassedOver
  readonly bookmark: ForeignBookmark
  /** Whether a record that was stored too late for its place in the order is delivered. Otherwise it ends the reader. */
  readonly deliverLate: boolean
}

/** What the stages of one reader share. */
export type Reading = OwnReading | ForeignReading
