export { SPEC_VERSION } from './compatibility.js'
export { getBuilder, listBackends, mustGetBuilder, registerBackend } from './registry.js'
export type { RegistryEntry } from './registry-entry.js'
