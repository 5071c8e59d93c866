import type { WAL } from '@wal/core'
import { payloadOf } from './bench-case.js'

const PROPERTIES = new Map([['kind', 'created']])

/** So many callers at once; each appends again when its append is acknowledged, until there are `count`. */
export async function appendsInFlight(wal: WAL, count: number, callers: number): Promise<void> {
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < count)
      await wal.append({ vchannel: 'eu', payload: payloadOf(next++), properties: PROPERTIES })
  }
  await Promise.all(Array.from({ length: callers }, caller))
}
