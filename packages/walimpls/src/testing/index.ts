import { SPEC_VERSION } from '../registry/compatibility.js'
import { registerBackend } from '../registry/registry.js'
import { memoryBuilder } from './memory-builder.js'

export type { MemoryOptions } from '../builder.js'
export { BreakableConnections } from './connections/breakable-connections.js'
export { FAULT_KINDS, FAULTS_AT, type FaultKind, type FaultyCall } from './faults/fault-kind.js'
export type { CallDetails, CallScript, Fault, FaultPlan } from './faults/fault-plan.js'
export { type FaultEvent, Faults, type FaultsOptions } from './faults/faults.js'
export { faultyBuilder } from './faults/faulty-builder.js'
export { mutatedBytes } from './faults/mutated-bytes.js'
export { seededRandom } from './faults/seeded-random.js'
export type { MemoryId } from './memory-id.js'
export { copyMemoryLog, loseMemoryRecords, resetMemory, saveMemoryLog } from './memory-store.js'
export {
  type SimulatedRuntime,
  type SimulatedRuntimeOptions,
  simulatedRuntime,
} from './simulation/simulated-runtime.js'
export { memoryBuilder }

/** Registers the in-memory backend, `memory:`. Importing this module does so; a second registration does nothing. */
export function registerMemoryBackend(): void {
  registerBackend({
    builder: memoryBuilder(),
    specVersion: SPEC_VERSION,
    packageName: '@wal/walimpls',
    packageVersion: '0.1.0',
  })
}

registerMemoryBackend()
