import {
  MESSAGE_TYPE,
  propertyOf,
  RESERVED,
  readEnvelope,
  type StoredMessage,
  type Writer,
} from '@wal/walimpls'
import { modelIds } from './model-log.js'

/** Reads a log from its very beginning by the rules of docs/semantics/writers.md, which are written here a second time. */
export function judgeWhole(records: readonly StoredMessage[]) {
  let writer: Writer | undefined
  let timeTick = -1n
  let logIdentity: string | undefined
  let truncation: string | undefined
  let lastTick = ''
  const counted: StoredMessage[] = []
  for (const record of records) {
    const {
      term,
      incarnation,
      timeTick: tick,
      opening,
      type,
    } = readEnvelope(record.properties, () => 'a record')
    const isCurrent = writer?.term === term && writer.incarnation === incarnation
    if (!isCurrent) {
      const isHigher = writer === undefined || term > writer.term
      if (!isHigher && !(term === writer?.term && opening && tick > timeTick)) continue
      writer = { term, incarnation }
    }
    if (tick <= timeTick) continue
    timeTick = tick
    counted.push(record)
    if (type !== MESSAGE_TYPE.TimeTick) continue
    logIdentity ??= propertyOf(record.properties, RESERVED.logIdentity)
    truncation = propertyOf(record.properties, RESERVED.truncationPoint)
    lastTick = modelIds.serialise(record.id as never)
  }
  return { writer, timeTick, logIdentity, truncation, lastTick, counted }
}
