import { registerBackend, SPEC_VERSION } from '@wal/walimpls'
import { kafkaBuilder } from './builder.js'
import type { KafkaOptions } from './client/options.js'

export { kafkaBuilder } from './builder.js'
export type { KafkaOptions } from './client/options.js'

declare module '@wal/walimpls' {
  interface BackendOptions {
    kafka: KafkaOptions
  }
}

registerBackend({
  builder: kafkaBuilder,
  specVersion: SPEC_VERSION,
  packageName: '@wal/impl-kafka',
  packageVersion: '0.1.0',
})
