export { SPEC_VERSION } from './compatibility.js'
export { getBuilder, listBackends, mustGetBuilder, type RegistryEntry, registerBackend } from './registry.js'
