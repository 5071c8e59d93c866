import { WalError } from '../errors/wal-error.js'
import { memoryIds } from './memory-id.js'
import type { MemoryLog } from './memory-log.js'

/** The logs of one store, by channel. */
export type MemoryStore = Map<string, MemoryLog>

const key = Symbol.for('@wal/walimpls/memory')

/** All stores by name. They are kept on `globalThis`, so that the ESM and the CommonJS copy of this module share them. */
function stores(): Map<string, MemoryStore> {
  const holder = globalThis as { [key]?: Map<string, MemoryStore> }
  holder[key] ??= new Map()
  return holder[key]
}

/** The store with this name. It lives as long as the process, so an opener that is closed and built again finds its logs. */
export function memoryStore(name: string): MemoryStore {
  const present = stores().get(name)
  if (present !== undefined) return present
  const store: MemoryStore = new Map()
  stores().set(name, store)
  return store
}

/**
 * Removes all logs of the store with this name, or of all stores. Calls of logs that are still open then fail as for a deleted
 * channel.
 */
export function resetMemory(name?: string): void {
  for (const [each, store] of stores()) {
    if (name !== undefined && each !== name) continue
    for (const log of store.values()) log.remove()
    stores().delete(each)
  }
}

/**
 * Removes records that nobody truncated, as a server's retention or an operator may: those with the ids `from` to `to`. Readers
 * that come to the place are told of a gap.
 */
export function loseMemoryRecords(log: {
  readonly channel: string
  readonly name?: string
  readonly from: string
  readonly to: string
}): void {
  const { channel, name = 'default', from, to } = log
  const number = (text: string): number => memoryIds.numberOf(memoryIds.parse(text))
  memoryStore(name).get(channel)?.lose(number(from), number(to))
}

/** Saves the present content of a log. `putBack` restores the log to it, also while writers and readers have the log open. */
export function saveMemoryLog(channel: string, name = 'default'): { putBack(): void } {
  const log = existing(channel, name)
  const saved = log.copy()
  return { putBack: () => log.putBack(saved) }
}

/** Copies a log into the store named `to`, as when a backup is restored elsewhere. */
export function copyMemoryLog(channel: string, from: string, to: string): void {
  memoryStore(to).set(channel, existing(channel, from).copy())
}

function existing(channel: string, name: string): MemoryLog {
  const log = memoryStore(name).get(channel)
  if (log === undefined)
    throw new WalError('WAL_CHANNEL_NOT_FOUND', `There is no channel "${channel}" in the store "${name}".`)
  return log
}
