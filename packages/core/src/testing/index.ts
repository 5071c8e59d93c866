/** The in-memory backend for applications' own tests: `import '@wal/core/testing'`, then `openWal('memory:', …)`. */
export { type MemoryOptions, memoryBuilder, registerMemoryBackend, resetMemory } from '@wal/walimpls/testing'
