const key = Symbol.for('@wal/walimpls/registry')

/**
 * The registered backends by name, shared by every copy of this package in the process: a Map of the module's own would be
 * another one in its ESM and in its CJS build, and in two subpaths of one package. Entries are plain data; who reads an
 * entry judges its `specVersion`.
 */
export function registeredBackends(): Map<string, unknown> {
  const holder = globalThis as { [key]?: Map<string, unknown> }
  if (holder[key] === undefined) Object.defineProperty(globalThis, key, { value: new Map() })
  return holder[key] as unknown as Map<string, unknown>
}
