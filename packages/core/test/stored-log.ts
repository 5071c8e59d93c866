import assert from 'node:assert/strict'

interface StoredLog {
  readonly records: unknown[]
  readonly oldest: number
  readonly batches: Map<number, unknown>
  writer: object | undefined
  store(batch: object, writer: object | undefined, fences: boolean): number
}

/** What the memory backend has stored of a log, for tests that change it from outside. */
export function storedLog(channel = 'log'): StoredLog {
  const key = Symbol.for('@wal/walimpls/memory')
  const stores = (globalThis as unknown as Record<symbol, Map<string, Map<string, StoredLog>>>)[key]
  return stores?.get('default')?.get(channel) ?? assert.fail(`no log ${channel}`)
}

export function storedRecords(channel = 'log'): unknown[] {
  return storedLog(channel).records
}

/** Plays a failover to a copy with only the first records. The ids of the lost ones are given out again. */
export function loseAllBut(count: number, channel = 'log'): void {
  const log = storedLog(channel)
  log.records.splice(count)
  log.batches.clear()
}

/** A copy of a log that can be put in its place later, as a restored backup. */
export function backUp(channel = 'log'): () => void {
  const saved = [...storedRecords(channel)]
  return () => {
    const log = storedLog(channel)
    log.records.splice(0, log.records.length, ...saved)
    log.batches.clear()
  }
}
