import { registerBackend, SPEC_VERSION } from '@wal/walimpls'
import { type SqliteOptions, sqliteBuilder } from './sqlite-backend.js'

declare module '@wal/walimpls' {
  interface BackendOptions {
    sqlite: SqliteOptions
  }
}

registerBackend({
  builder: sqliteBuilder,
  specVersion: SPEC_VERSION,
  packageName: '@wal/example-custom-backend',
  packageVersion: '0.0.0',
})

export { sqliteBuilder }
