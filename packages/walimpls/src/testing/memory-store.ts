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
