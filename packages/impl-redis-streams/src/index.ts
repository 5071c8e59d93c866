import { registerBackend, SPEC_VERSION } from '@wal/walimpls'
import { redisStreamsBuilder } from './builder.js'
import type { RedisStreamsOptions } from './client/options.js'

export { redisStreamsBuilder } from './builder.js'
export type { RedisStreamsOptions } from './client/options.js'

declare module '@wal/walimpls' {
  interface BackendOptions {
    'redis-streams': RedisStreamsOptions
  }
}

registerBackend({
  builder: redisStreamsBuilder,
  specVersion: SPEC_VERSION,
  packageName: '@wal/impl-redis-streams',
  packageVersion: '0.1.0',
})
