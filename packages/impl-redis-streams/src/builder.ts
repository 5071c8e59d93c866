import {
  type BuildWaits,
  invalidArgument,
  type OpenerBuilderImpls,
  type Runtime,
  WalError,
} from '@wal/walimpls'
import { connect } from './client/connect.js'
import { type FullRedisStreamsOptions, optionTable } from './client/options.js'
import { RedisStreamsOpener } from './opener.js'
import { messageIds, type RedisStreamsId } from './stored/message-id.js'

export const redisStreamsBuilder: OpenerBuilderImpls<FullRedisStreamsOptions, RedisStreamsId> = {
  name: 'redis-streams',
  schemes: { 'rediss-streams': { tls: true } },
  traits: { fencing: 'cluster', truncation: 'record', list: true, delete: true },
  messageIds,
  options: optionTable,
  /** Connects to the servers and makes an opener. Rejects when no server can be reached. */
  async build(given: FullRedisStreamsOptions, runtime: Runtime, waits: BuildWaits = {}) {
    waits.signal?.throwIfAborted()
    const options = { ...given, hosts: given.hosts ?? [] }
    checkOptions(options)
    return new RedisStreamsOpener(await connect(options, runtime, waits), options, runtime)
  },
}

function checkOptions({ hosts, client, redis, clusterOptions }: FullRedisStreamsOptions): void {
  if (client === undefined && hosts.length === 0 && !redis?.host && !redis?.path && !redis?.sentinels)
    throw invalidArgument(
      'The backend "redis-streams" does not know where the server is: give one of the options "hosts", "client" and "redis"',
    )
  if (client?.options.enableAutoPipelining)
    throw invalidArgument(
      'The option "client" of backend "redis-streams" must be a client without auto-pipelining, with which ioredis loses commands of scripts. Give client.duplicate({ enableAutoPipelining: false })',
    )
  for (const keyPrefix of [client?.options.keyPrefix, redis?.keyPrefix, clusterOptions?.keyPrefix])
    if (keyPrefix)
      throw new WalError(
        'WAL_INVALID_ARGUMENT',
        'The backend "redis-streams" takes no keyPrefix of ioredis, since scripts and subscriptions do not get it. Use the option "prefix" instead.',
      )
}
