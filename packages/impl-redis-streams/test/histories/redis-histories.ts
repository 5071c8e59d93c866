import { type RedisServer, startRedis } from '@wal/brokers'
import type { HistoryFault, HistoryScene } from '@wal/histories'
import { redisStreamsBuilder } from '../../src/builder.js'
import type { RedisStreamsOptions } from '../../src/client/options.js'

/** A server of this test alone, which acknowledges nothing that a crash of the machine would lose. */
export async function ownRedis(closing: AsyncDisposable[]): Promise<RedisServer> {
  const redis = await startRedis({ appendfsync: 'always' })
  closing.push(redis)
  return redis
}

export interface Reached {
  readonly port: number
  readonly host: string
}

export function optionsAt({ host, port }: Reached, more: RedisStreamsOptions = {}): RedisStreamsOptions {
  return { hosts: [`${host}:${port}`], ...more }
}

/** The backend, reached by writers and by readers as said, under a fault. */
export function redisScene(
  writing: RedisStreamsOptions,
  fault: HistoryFault,
  reading: RedisStreamsOptions = writing,
): HistoryScene {
  return { builder: redisStreamsBuilder, writing: { ...writing }, reading: { ...reading }, fault }
}
