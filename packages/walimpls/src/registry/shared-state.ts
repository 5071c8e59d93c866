/**
 * State that every copy of this package in the process must share: a module-level Map is doubled between ESM and CJS,
 * and between two subpaths of one package. Entries are plain data; the reader of an entry judges its `specVersion`.
 */
export interface SharedState {
  readonly backends: Map<string, unknown>
  readonly messageTypes: Map<number, unknown>
}

const key = Symbol.for('@wal/walimpls/registry')

export function sharedState(): SharedState {
  const holder = globalThis as { [key]?: SharedState }
  const present = holder[key]
  if (present !== undefined) return present
  const state: SharedState = { backends: new Map(), messageTypes: new Map() }
  Object.defineProperty(globalThis, key, { value: state })
  return state
}
