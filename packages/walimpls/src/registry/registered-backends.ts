const key = Symbol.for('@wal/walimpls/registry')

/**
 * The registered backends by name. All copies of this package in a process share this Map. A Map in a module would exist twice
 * when the package is loaded as ESM and as CommonJS, or through two of its subpaths. Entries are plain data; code that reads an
 * entry checks its `specVersion`.
 */
export function registeredBackends(): Map<string, unknown> {
  const holder = globalThis as { [key]?: Map<string, unknown> }
  if (holder[key] === undefined) Object.defineProperty(globalThis, key, { value: new Map() })
  return holder[key] as unknown as Map<string, unknown>
}
