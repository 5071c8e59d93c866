import { WalError } from '../errors/wal-error.js'
import { memoryIds } from './memory-id.js'
import type { MemoryLog } from './memory-log.js'

/** Logs by channel. */
export type MemoryStore = Map<string, MemoryLog>

const key = Symbol.for('@wal/walimpls/memory')

/** By name. On `globalThis`, so that the ESM and the CJS copy of this module see the same logs. */
function stores(): Map<string, MemoryStore> {
  const holder = globalThis as { [key]?: Map<string, MemoryStore> }
  holder[key] ??= new Map()
  return holder[key]
}

/** The store of that name, which lives as long as the process: an opener closed and built again finds its logs. */
export function memoryStore(name: string): MemoryStore {
  const present = stores().get(name)
  if (present !== undefined) return present
  const store: MemoryStore = new Map()
  stores().set(name, store)
  return store
}

/** Forgets the logs of one name, or all. Those still open see that their channel was deleted. */
export function resetMemory(name?: string): void {
  for (const [each, store] of stores()) {
    if (name !== undefined && each !== name) continue
    for (const log of store.values()) log.remove()
    stores().delete(each)
  }
}

/**
 * Removes records of a log that nobody truncated, as a server's retention or an operator's command may: from the message
 * with id `from` up to the one with id `to`. Readers are told of a gap where they lay.
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

/** Saves a log as it is stored now; `putBack` makes it that again, while writers and readers have it open. */
export function saveMemoryLog(channel: string, name = 'default'): { putBack(): void } {
  const log = existing(channel, name)
  const saved = log.copy()
  return { putBack: () => log.putBack(saved) }
}

/** Copies a log into the store of another name, as when a backup is restored elsewhere. */
export function copyMemoryLog(channel: string, from: string, to: string): void {
  memoryStore(to).set(channel, existing(channel, from).copy())
}

function existing(channel: string, name: string): MemoryLog {
  const log = memoryStore(name).get(channel)
  if (log === undefined)
    throw new WalError('WAL_CHANNEL_NOT_FOUND', `There is no channel "${channel}" in the store "${name}".`)
  return log
}
