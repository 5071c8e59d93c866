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
 * A writer's look: reads from its last acknowledged record to the log's end, or up to `end`. Rejects with
 * `WAL_LOG_ROLLED_BACK` when that record is not in the log any more, and with `WAL_FENCED` when a record behind it makes
 * another writer the current one. Records of older writers behind it are void and change nothing: writer 3 that sees a
 * late record of writer 2, an opening record too, goes on.
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
      // In the usual case of an idle writer, nothing was stored behind its own record.
      if (last !== undefined && order === 0) return see(decodeRecord(last, view))
      // The log's last record lies below the writer's own. Either others removed that one, or the log lost its end: only the
      // backend can say which, when it is asked to read there.
      upTo = order < 0 ? undefined : last?.id
    }
    await readRange(view, { start: { from: place.id }, end: upTo, see })
    look.assertPlaceSeen()
  } catch (error) {
    await lookAtEndInstead(error, view, place.writer)
  }
}

/**
 * What follows when a look that reads forward failed with `error`. Rejects with that error, unless it says that records are
 * gone or damaged: a successor may have truncated past the place where the look began. Then the log's end is looked at, and
 * this rejects with `WAL_FENCED` when another writer is current there.
 */
export async function lookAtEndInstead(error: unknown, view: LogView, writer: Writer): Promise<void> {
  if (!isTruncated(error) && !isCorrupt(error)) throw error
  const fenced = fencedBy((await readLogEnd(view, { passHoles: true })).writer, writer, view)
  if (fenced !== undefined) throw fenced
}

/** What a writer concludes from the records that lie from its last acknowledged one on, one after another. */
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

  /** Throws `WAL_LOG_ROLLED_BACK`, `WAL_FENCED`, or `WAL_SPEC_UNSUPPORTED` for another system's record. */
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

  /** Throws `WAL_LOG_ROLLED_BACK` when the log ends before the place. */
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
