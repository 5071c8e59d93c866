import { LogRolledBackError, type MessageId, type WalError, type Writer } from '@wal/walimpls'
import { isCorrupt, isTruncated } from './classify.js'
import type { OwnPlace, PlaceOfWriter } from './known-place.js'
import { decodeRecord, type LogRecord, refuseMixed } from './log-record.js'
import { type LogView, waitsOf } from './log-view.js'
import { fencedBy } from './newer-writer.js'
import { readLogEnd } from './read-log-end.js'
import { readRange } from './read-range.js'
import { isSameWriter } from './same-writer.js'
import { VoidJudge } from './void-judge.js'

/**
 * Lets a writer find out whether it is still the current one: reads from its last acknowledged record to the log's end, or up
 * to `end`. Rejects with `WAL_LOG_ROLLED_BACK` when that record is no longer in the log, and with `WAL_FENCED` when a record
 * behind it makes another writer the current one. Records of older writers are void and change nothing: writer 3 goes on when
 * it finds a late record of writer 2, even an opening record.
 */
export async function lookForward(view: LogView, place: PlaceOfWriter, end?: MessageId): Promise<void> {
  const { log, ids } = view
  const look = new ForwardLook(view, place)
  const see = (record: LogRecord): void => look.see(record)
  try {
    let upTo = end
    if (upTo === undefined) {
      const last = await log.last(waitsOf(view))
      const order = last === undefined ? -1 : ids.compare(last.id, place.id)
      // In the usual case of an idle writer, its own record is the last one in the log.
      if (last !== undefined && order === 0) return see(decodeRecord(last, view))
      // The log ends below the writer's last acknowledged record. Either others removed that record, or the log lost its end.
      // Only the backend can say which, when it is asked to read from that record on.
      upTo = order < 0 ? undefined : last?.id
    }
    await readRange(view, { start: { from: place.id }, end: upTo, see })
    look.assertPlaceSeen()
  } catch (error) {
    await lookAtEndInstead(error, view, place.writer)
  }
}

/**
 * Called when reading forward from the writer's last acknowledged record failed with `error`. Rejects with the same error
 * unless it says that records are gone or damaged: a newer writer may have truncated them. In that case the log's end is read,
 * and this rejects with `WAL_FENCED` when another writer is current there.
 */
export async function lookAtEndInstead(error: unknown, view: LogView, writer: Writer): Promise<void> {
  if (!isTruncated(error) && !isCorrupt(error)) throw error
  const fenced = fencedBy((await readLogEnd(view, { passHoles: true })).writer, writer, view)
  if (fenced !== undefined) throw fenced
}

/** Judges the records from a writer's last acknowledged one on, one after the other. */
export class ForwardLook {
  readonly #view: LogView
  readonly #place: PlaceOfWriter
  readonly #judge: VoidJudge
  #placeSeen = false

  constructor(view: LogView, place: PlaceOfWriter) {
    this.#view = view
    this.#place = place
    this.#judge = new VoidJudge(place)
  }

  /** Throws `WAL_LOG_ROLLED_BACK`, `WAL_FENCED`, or, for a record of another system, `WAL_SPEC_UNSUPPORTED`. */
  see(record: LogRecord): void {
    refuseMixed(record, false, this.#view)
    if (!this.#placeSeen) {
      this.#placeSeen = true
      if (!this.#isPlace(record)) throw lostPlace(this.#view, this.#place)
      return
    }
    this.#judge.isVoid(record)
    const fenced = fencedBy(this.#judge.writer, this.#place.writer, this.#view)
    if (fenced !== undefined) throw fenced
  }

  /** Throws `WAL_LOG_ROLLED_BACK` when the log ends before the writer's last acknowledged record was found. */
  assertPlaceSeen(): void {
    if (!this.#placeSeen) throw lostPlace(this.#view, this.#place)
  }

  #isPlace(record: LogRecord): boolean {
    const { id, timeTick, writer } = this.#place
    return (
      this.#view.ids.compare(record.id, id) === 0 &&
      record.timeTick === timeTick &&
      isSameWriter(record, writer)
    )
  }
}

function lostPlace({ ids, where }: LogView, { id }: OwnPlace): WalError {
  const known = ids.serialise(id)
  return new LogRolledBackError(
    `${where}: records up to message ${known} were acknowledged and are gone. The log lost its end, in a failover or because an older copy of it was restored. Stop being the writer.`,
    { known },
  )
}
