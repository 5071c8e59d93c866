import { PositionTruncatedError, WalError } from '@wal/walimpls'
import { placeText } from '../driver/place.js'
import type { EntryPlace } from '../driver/pulsar-driver.js'
import { messageIds } from '../records/message-ids.js'

/** The records that follow `after`, or that lie at `wanted`, are gone; `oldest` is the first entry kept behind them. */
export interface Missing {
  readonly topic: string
  /** What is missing, as the subject of a sentence: `the entry 14:3`, `what follows the entry 14:3`. */
  readonly what: string
  readonly oldest: EntryPlace | undefined
}

export function truncated({ topic, what, oldest }: Missing): PositionTruncatedError {
  const why = 'the log was truncated, or a policy of the namespace removed the ledger'
  return gone(`the topic ${topic}: ${what} is gone: ${why}. ${keptText(oldest)}.`, oldest)
}

/** Records in the middle of the log are gone, though older ones are kept. */
export function lostMiddle({ topic, what, oldest }: Missing): PositionTruncatedError {
  return gone(
    `the topic ${topic}: ${what} is gone, though older entries are kept: the log lost records, probably with a ledger that was deleted or could not be read. ${keptText(oldest)}.`,
    oldest,
  )
}

/** `end`: the last entry that is kept, or the one that lies where the lost one should. */
export function rolledBack(topic: string, known: EntryPlace, end: EntryPlace | undefined): WalError {
  const now =
    end === undefined ? 'the log has no entry now' : `the log has the entry ${placeText(end)} instead`
  return new WalError(
    'WAL_LOG_ROLLED_BACK',
    `the topic ${topic}: the entry ${placeText(known)} was acknowledged and is gone, and ${now}. The log lost its end, probably because bookies or the metadata were set back to an older copy of their data.`,
  )
}

function keptText(oldest: EntryPlace | undefined): string {
  return oldest === undefined
    ? 'No entry is kept behind it'
    : `The first entry kept behind it is ${placeText(oldest)}`
}

function gone(message: string, oldest: EntryPlace | undefined): PositionTruncatedError {
  if (oldest === undefined) return new PositionTruncatedError(message)
  return new PositionTruncatedError(message, { oldest: messageIds.serialise(messageIds.of(oldest, 0)) })
}
