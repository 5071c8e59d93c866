import type { WAL } from '@wal/core'
import { payloadOf } from './bench-case.js'

const PROPERTIES = new Map([['kind', 'created']])
const BATCH = 500

/**
 * Appends `count` messages by several concurrent callers. Each caller appends the next one when its last append is
 * acknowledged.
 */
export async function appendsInFlight(wal: WAL, count: number, callers: number): Promise<void> {
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < count) await wal.append(message(next++))
  }
  await Promise.all(Array.from({ length: callers }, caller))
}

/** Appends `count` messages in batches, one batch after another, to make a log that can be read. */
export async function appendBatches(wal: WAL, count: number): Promise<void> {
  for (let next = 0; next < count; )
    await wal.appendBatch(Array.from({ length: Math.min(BATCH, count - next) }, () => message(next++)))
}

function message(index: number) {
  return { vchannel: 'eu', payload: payloadOf(index), properties: PROPERTIES }
}
