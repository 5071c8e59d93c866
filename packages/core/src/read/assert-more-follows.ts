import { LogRolledBackError, type MessageId } from '@wal/walimpls'
import { sleep } from '@wal/walimpls/helper'
import type { KnownPlace } from '../log/known-place.js'
import type { ReadContext } from './read-context.js'

/**
 * How many times the log's end is asked for before the log counts as having lost records: a slow server may show its end late.
 */
const LOOKS = 4
const FIRST_PAUSE_MS = 50

/** A reader that came to the log's end as the backend shows it, without having found the record `sought`. */
export interface FruitlessReading {
  readonly sought: KnownPlace
  /** The last record that the reader read. */
  readonly seen: MessageId | undefined
  /** The record at which the reader began; undefined when it began at the oldest record. */
  readonly began: MessageId | undefined
}

/**
 * Resolves when the log's end lies above every record that the reader has read: the record that the reader looks for may still
 * follow. Rejects with `WAL_LOG_ROLLED_BACK` when the log lost its end. A broker between two leaders may show its end late, so
 * an end that is too low is asked for several times.
 *
 * Example: a reader resumes behind its message 9, reads from record 7 on, and gets 7 and 8. The log's end is record 9, so the
 * reader reads on. If the end is 8, the reader looks three times more, and then tells its user that 9 is gone.
 */
export async function assertMoreFollows(
  { sought, seen, began }: FruitlessReading,
  context: ReadContext,
  signal: AbortSignal,
): Promise<void> {
  const { ids, runtime, where } = context
  const { timeTick } = sought
  const reached = seen ?? began
  for (let looks = 1; ; looks++) {
    // A writer answers from memory where its log ends, and may not have noticed that the log lost its end. So the backend is
    // asked.
    const end = await context.end(signal, true)
    const order = end.lastId === undefined || reached === undefined ? -1 : ids.compare(end.lastId, reached)
    if (order > 0 || (order === 0 && seen === undefined)) return
    if (end.timeTick >= timeTick || looks === LOOKS)
      throw new LogRolledBackError(
        `${where}: records up to time tick ${timeTick} were acknowledged and are gone; the log ends at time tick ${end.timeTick}, in another record. It lost its end, in a failover or because an older copy of it was restored.`,
      )
    await sleep(runtime, FIRST_PAUSE_MS * 2 ** looks, signal)
  }
}
