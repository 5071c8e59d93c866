import { propertyOf, RESERVED, type StoredMessage } from '@wal/walimpls'
import type { PulsarId } from '../records/message-id.js'
import { messageIds } from '../records/message-ids.js'

/** Finds the record with an id; undefined when it is gone. */
export type RecordFinder = (id: PulsarId) => Promise<StoredMessage<PulsarId> | undefined>

/**
 * The record behind which the log begins, as its last time tick names it. Undefined when the log was never truncated, when it
 * is not a log of this library, or when the tick is gone.
 */
export async function truncationInLog(
  last: StoredMessage<PulsarId>,
  find: RecordFinder,
): Promise<PulsarId | undefined> {
  const tick = isTick(last) ? last : await previousTick(last, find)
  const [id] = (tick && propertyOf(tick.properties, RESERVED.truncationPoint))?.split(' ') ?? []
  return id ? messageIds.parse(id) : undefined
}

/** Whether the record names a time tick before it. A log's first record does not. */
export function namesEarlierTick({ properties }: StoredMessage<PulsarId>): boolean {
  return Boolean(propertyOf(properties, RESERVED.previousTick))
}

function isTick({ properties }: StoredMessage<PulsarId>): boolean {
  return propertyOf(properties, RESERVED.recoveryPoint) !== undefined
}

async function previousTick(
  { properties }: StoredMessage<PulsarId>,
  find: RecordFinder,
): Promise<StoredMessage<PulsarId> | undefined> {
  const id = propertyOf(properties, RESERVED.previousTick)
  return id ? find(messageIds.parse(id)) : undefined
}
