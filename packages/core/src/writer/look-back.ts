import { type MessageId, propertyOf, RESERVED, type TimeTick, WalError, type Writer } from '@wal/walimpls'
import { isRolledBack } from '../log/classify.js'
import type { LogEnd } from '../log/log-end.js'
import { type LogPoint, laterPoint } from '../log/log-point.js'
import { isTimeTick, type LogRecord, refuseMixed } from '../log/log-record.js'
import type { LogView } from '../log/log-view.js'
import { readRange } from '../log/read-range.js'
import { type RecoveryPoint, recoveryIn, type WriterState } from '../log/recovery-point.js'
import { isSameWriter } from '../log/same-writer.js'
import { type TruncationPoint, truncationIn } from '../log/truncation-point.js'
import { RecoveryReading } from '../read/recovery-reading.js'

/** What a writer that opens a log learns from the records before its opening record. */
export interface LookedBack {
  /** The greatest time tick of other writers' records behind the end that was known; −1 when there are none. */
  readonly timeTick: TimeTick
  /** Whether another writer of the same term stored a record there. */
  readonly ownTerm: boolean
  /** The first log identity that a record there names; this writer's own records count too. */
  readonly logIdentity: string | undefined
  /** The furthest points that other writers' time ticks name there. */
  readonly truncation: TruncationPoint | undefined
  readonly recoveryPoint: RecoveryPoint | undefined
  /** What the read stages have built, of all records from the recovery point on. */
  readonly states: readonly WriterState[]
}

/** The log's end as it was known before the log was opened; undefined when there was no log. */
type KnownEnd = Pick<LogEnd, 'lastId' | 'logIdentity' | 'truncation' | 'recoveryPoint'> | undefined

/** A writer by its opening record. */
interface OpeningWriter {
  readonly id: MessageId
  readonly writer: Writer
}

/**
 * Reads from the recovery point up to a writer's opening record, through the read stages, which build what the writer has to
 * know of these records. Those behind the end that was known are looked at as well: one of a higher term is `WAL_FENCED`.
 * With term 4's opening record at id 12 and the end known at id 9, ids 10 and 11 are looked at: a record of term 5 ends the
 * open, one of term 3 only moves the clock, one of term 4 tells of another opener that chose the same term.
 *
 * As long as no stage builds anything, reading begins at the end that was known. A log that has another record at the
 * recovery point lost its end; then everything that is kept is read.
 */
export async function lookBack(view: LogView, end: KnownEnd, own: OpeningWriter): Promise<LookedBack> {
  const { recoveryPoint, truncation } = end ?? {}
  try {
    return await lookBackFrom(view, end, { own, point: recoveryPoint, isSought: true })
  } catch (error) {
    if (!isRolledBack(error)) throw error
    return lookBackFrom(view, end, { own, point: truncation, isSought: false })
  }
}

async function lookBackFrom(
  view: LogView,
  end: KnownEnd,
  {
    own,
    point,
    isSought,
  }: {
    readonly own: OpeningWriter
    /** Where reading begins; undefined: at the oldest record. */
    readonly point: LogPoint | undefined
    /** Whether the point's record has to be found there. */
    readonly isSought: boolean
  },
): Promise<LookedBack> {
  const { ids } = view
  const lastId = end?.lastId
  const id = point && ids.parse(point.id)
  const recovery = new RecoveryReading(view, point && { ...point, id: isSought ? id : undefined })
  const { isNeeded } = recovery
  const between = new RecordsBetween(view, end, own.writer)
  const see = (record: LogRecord): void => {
    if (isNeeded) recovery.see(record)
    if (lastId === undefined || ids.compare(record.id, lastId) > 0) between.see(record)
  }
  const from = isNeeded ? id : lastId
  const start = from === undefined ? 'oldest' : { from }
  // Records that were truncated or removed meanwhile are skipped: the records kept behind them show whether a newer writer
  // came.
  const hole = (): void => recovery.passGap()
  try {
    await readRange(view, { start, end: own.id, see, hole })
    return between.found(recovery.recovered())
  } finally {
    recovery.close()
  }
}

/** What a writer concludes from the records between a log's end as it was known and its own opening record. */
class RecordsBetween {
  readonly #view: LogView
  readonly #writer: Writer
  #timeTick: TimeTick = -1n
  #ownTerm = false
  #logIdentity: string | undefined
  /** The identity that the log had before, or the first one named. */
  #trueIdentity: string | undefined
  #truncation: TruncationPoint | undefined
  #recoveryPoint: RecoveryPoint | undefined

  constructor(view: LogView, end: KnownEnd, writer: Writer) {
    this.#view = view
    this.#writer = writer
    this.#trueIdentity = end?.logIdentity
  }

  see(record: LogRecord): void {
    const { where } = this.#view
    const { term } = this.#writer
    refuseMixed(record, false, this.#view)
    // Also done for this writer's own records: a first copy of its opening record may be the log's first record.
    const identity = propertyOf(record.properties, RESERVED.logIdentity)
    this.#logIdentity ??= identity
    this.#trueIdentity ??= identity
    if (isSameWriter(record, this.#writer)) return
    if (record.term > term)
      throw new WalError(
        'WAL_FENCED',
        `${where}: a writer of term ${record.term} opened the channel while term ${term} was being opened. Stop being the writer; do not reopen at 'next' in a loop.`,
      )
    if (record.term === term) this.#ownTerm = true
    if (record.timeTick > this.#timeTick) this.#timeTick = record.timeTick
    this.#truncation = laterPoint(this.#truncation, truncationIn(record.properties, where))
    // Of openers that raced to create the log, those that came later name identities of their own, and know of no record.
    if (isTimeTick(record) && identity === this.#trueIdentity)
      this.#recoveryPoint = laterPoint(this.#recoveryPoint, recoveryIn(record, this.#view))
  }

  found(states: readonly WriterState[]): LookedBack {
    return {
      timeTick: this.#timeTick,
      ownTerm: this.#ownTerm,
      logIdentity: this.#logIdentity,
      truncation: this.#truncation,
      recoveryPoint: this.#recoveryPoint,
      states,
    }
  }
}
