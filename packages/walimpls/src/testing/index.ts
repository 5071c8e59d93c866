import { SPEC_VERSION } from '../registry/compatibility.js'
import { registerBackend } from '../registry/registry.js'
import { type MemoryOptions, memoryBuilder } from './memory-builder.js'

export type { MemoryId } from './memory-id.js'
export { resetMemory } from './memory-store.js'
export { type MemoryOptions, memoryBuilder }

declare module '@wal/walimpls' {
  interface BackendOptions {
    memory: MemoryOptions
  }
}

/** Makes `memory:` known. Importing this module does so; again it is a no-op. */
export function registerMemoryBackend(): void {
  registerBackend({
    builder: memoryBuilder(),
    specVersion: SPEC_VERSION,
    packageName: '@wal/walimpls',
    packageVersion: '0.1.0',
  })
}

registerMemoryBackend()
