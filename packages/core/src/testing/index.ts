/**
 * For tests of applications: the in-memory backend (`import '@wal/core/testing'`, then `openWal('memory:', …)`), fault
 * injection into any backend (`openWal(url, { builder: faultyBuilder(memoryBuilder(), faults) })`), and virtual time
 * (`openWal(url, { runtime: simulatedRuntime({ seed }) })`).
 */
export {
  BreakableConnections,
  type CallDetails,
  type CallScript,
  copyMemoryLog,
  FAULT_KINDS,
  FAULTS_AT,
  type Fault,
  type FaultEvent,
  type FaultKind,
  type FaultPlan,
  Faults,
  type FaultsOptions,
  type FaultyCall,
  faultyBuilder,
  loseMemoryRecords,
  type MemoryOptions,
  memoryBuilder,
  registerMemoryBackend,
  resetMemory,
  type SimulatedRuntime,
  type SimulatedRuntimeOptions,
  saveMemoryLog,
  seededRandom,
  simulatedRuntime,
} from '@wal/walimpls/testing'
