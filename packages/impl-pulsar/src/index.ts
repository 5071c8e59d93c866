import { registerBackend, SPEC_VERSION } from '@wal/walimpls'
import { pulsarBuilder } from './builder.js'
import type { PulsarOptions } from './driver/options.js'

export { pulsarBuilder } from './builder.js'
export type { PulsarOptions } from './driver/options.js'

declare module '@wal/walimpls' {
  interface BackendOptions {
    pulsar: PulsarOptions
  }
}

registerBackend({
  builder: pulsarBuilder,
  specVersion: SPEC_VERSION,
  packageName: '@wal/impl-pulsar',
  packageVersion: '0.1.0',
})
