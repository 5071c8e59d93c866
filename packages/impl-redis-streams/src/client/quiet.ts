import type { Cluster, Redis, RedisOptions, SentinelConnector as Sentinels } from 'ioredis'
import { listen } from './client-events.js'

/**
 * Keeps a client of this package from printing. ioredis prints errors that have no listener, and a warning when a server asks
 * for no password but was given one.
 */
export function quieten(client: Redis): void {
  client.on('error', () => {})
  answerQuietly(client)
}

/** In a Cluster, ioredis makes a client for each node, and each of these could print. */
export function quietenCluster(cluster: Cluster): void {
  cluster.on('error', () => {})
  for (const node of cluster.nodes()) answerQuietly(node)
  listen(cluster, '+node', (node) => answerQuietly(node as Redis))
}

type Send = (...parameters: unknown[]) => Promise<unknown>

function answerQuietly(client: Redis): void {
  const commands = client as unknown as Record<'hello' | 'auth', Send>
  for (const name of ['hello', 'auth'] as const) {
    const send = commands[name].bind(client)
    commands[name] = async (...parameters) => {
      try {
        return await send(...parameters)
      } catch (error) {
        if (/without any password configured|no password is set/.test((error as Error).message))
          return undefined
        throw error
      }
    }
  }
}

/**
 * The connector of ioredis for servers behind sentinels, changed so that `failed` gets the reason why a sentinel could not be
 * asked. ioredis itself reports only a closed connection, and prints the errors of sentinels that it watches.
 */
export function tellingConnector(
  SentinelConnector: typeof Sentinels,
  failed: (error: unknown) => void,
): NonNullable<RedisOptions['Connector']> {
  return class extends SentinelConnector {
    constructor(options: unknown) {
      super(options as ConstructorParameters<typeof Sentinels>[0])
      const own = this as unknown as { connectToSentinel: (...parameters: unknown[]) => Redis }
      const connect = own.connectToSentinel.bind(this)
      own.connectToSentinel = (...parameters) => {
        const sentinel = connect(...parameters)
        quieten(sentinel)
        sentinel.on('error', failed)
        return sentinel
      }
    }
  }
}
