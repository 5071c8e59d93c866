import { LogRolledBackError, type MessageId, type TimeTick, type Writer } from '@wal/walimpls'
import type { Position } from '../api/position.js'
import { CountingJudge } from '../log/counting-judge.js'
import type { KnownPlace } from '../log/known-place.js'
import { lastTick } from '../log/last-tick.js'
import { decodeRecord, isForeign, type LogRecord } from '../log/log-record.js'
import type { LogView } from '../log/log-view.js'
import { formatPosition } from '../log/position.js'
import { readRange } from '../log/read-range.js'
import { positionBefore } from './oldest-position.js'
import { beginningOf } from './plan-read.js'
import type { ReadLook } from './read-context.js'

/**
 * The same error, with `resumeAt`, the position from which a reader gets all that the log has now in place of the lost records,
 * and with `known`, the last record that a reader or writer knew. Example: records 1 to 9 were read, 6 to 9 were lost, and
 * other records were stored there. Reading resumes at the new record 6.
 */
export async function nameLoss(
  error: LogRolledBackError,
  known: KnownPlace | undefined,
  look: ReadLook,
): Promise<LogRolledBackError> {
  const { logIdentity = '' } = await look.end(look.signal)
  const resumeAt = await findResumption(known, logIdentity, look)
  return new LogRolledBackError(
    resumeAt === undefined ? error.message : `${error.message} Reading can go on at ${resumeAt}`,
    {
      cause: error.cause,
      ...(resumeAt === undefined ? {} : { resumeAt }),
      ...knownPosition(known, logIdentity, look),
    },
  )
}

function knownPosition(
  known: KnownPlace | undefined,
  logIdentity: string,
  { backend, ids }: ReadLook,
): { known?: Position } {
  if (known?.id === undefined || logIdentity === '') return {}
  const { id, writer, timeTick } = known
  const lastConfirmed = ids.serialise(id)
  return { known: formatPosition({ backend, logIdentity, lastConfirmed, writer, timeTick }) }
}

async function findResumption(
  known: KnownPlace | undefined,
  logIdentity: string,
  look: ReadLook,
): Promise<Position | undefined> {
  const { backend, ids, signal } = look
  const view = { ...look, log: look.log() }
  const last = await view.log.last({ signal })
  if (last === undefined) return undefined
  const record = decodeRecord(last, look)
  if (known === undefined || isForeign(record)) return positionBefore('oldest', -1n, look)
  // If there is no such time tick, reading resumes at the log's beginning.
  const tick = await lastTick(view, record, (tick) => !isOther(tick, known))
  const beginning = tick === undefined ? beginningOf(await look.end(signal), ids) : undefined
  const place = await firstOther(view, known, {
    start: tick === undefined ? (beginning?.start ?? 'oldest') : { from: tick },
    known: beginning?.known,
    end: record,
  })
  const { id, writer, timeTick } = place
  return formatPosition({
    backend,
    logIdentity,
    lastConfirmed: ids.serialise(id),
    writer,
    timeTick: timeTick < 0n ? 0n : timeTick,
    gap: true,
  })
}

/** The first record that was stored after the log had lost its end; the log's end when there is no such record. */
async function firstOther(
  view: LogView,
  known: KnownPlace,
  range: {
    readonly start: 'oldest' | 'latest' | { readonly from: MessageId }
    readonly known: KnownPlace | undefined
    readonly end: LogRecord
  },
): Promise<{ readonly id: MessageId; readonly writer: Writer; readonly timeTick: TimeTick }> {
  const judge = new CountingJudge(range.known)
  let place: { id: MessageId; writer: Writer; timeTick: TimeTick } | undefined
  const see = (record: LogRecord): void => {
    const { timeTick } = judge
    if (judge.counts(record) && isOther(record, known)) place = { id: record.id, writer: record, timeTick }
  }
  const { start, end } = range
  await readRange(view, {
    start,
    end: end.id,
    see,
    enough: () => place !== undefined,
    hole: () => judge.passHole(),
  })
  return place ?? { id: end.id, writer: judge.writer ?? end, timeTick: judge.timeTick }
}

/** Whether the record was stored after the record `known`: by a newer writer, or at a greater time tick. */
function isOther({ term, incarnation, timeTick }: LogRecord, known: KnownPlace): boolean {
  const { writer } = known
  const newer = term > writer.term || (term === writer.term && incarnation !== writer.incarnation)
  return newer || timeTick > known.timeTick
}
