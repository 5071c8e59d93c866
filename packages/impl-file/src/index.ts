import { registerBackend, SPEC_VERSION } from '@wal/walimpls'
import { fileBuilder } from './builder.js'
import type { FileOptions } from './options.js'

export { fileBuilder } from './builder.js'
export type { FileOptions } from './options.js'

declare module '@wal/walimpls' {
  interface BackendOptions {
    file: FileOptions
  }
}

registerBackend({
  builder: fileBuilder,
  specVersion: SPEC_VERSION,
  packageName: '@wal/impl-file',
  packageVersion: '0.1.0',
})
