import { createRequire } from 'node:module'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type Runtime, WalError } from '@wal/walimpls'
import { CallFailure, textOf } from '@wal/walimpls/helper'
import type { SASLOptions } from 'kafkajs'
import Broker from 'kafkajs/src/broker/index.js'
import ConnectionPool from 'kafkajs/src/network/connectionPool.js'
import protocol from 'kafkajs/src/protocol/requests/index.js'

/**
 * All that this package takes from inside kafkajs: the login on a new connection, and the encoders of the requests that
 * administer topics. kafkajs is not maintained any more, and these modules are not part of its public interface, so the version
 * is compared exactly.
 */
const VERSION = '2.2.4'

/** Throws `WAL_UNAVAILABLE` when another version of kafkajs is installed than the one this package was written for. */
export function checkVersion(): void {
  const { version } = createRequire(import.meta.url)('kafkajs/package.json') as { version: string }
  if (version !== VERSION)
    throw new WalError(
      'WAL_UNAVAILABLE',
      `@wal/impl-kafka works with kafkajs ${VERSION} exactly, and found ${version}: it uses parts of kafkajs that are not public. Remove what overrides the version, and install again.`,
      { retryable: false },
    )
}

export interface LoginOptions {
  readonly host: string
  readonly port: number
  readonly clientId: string
  /** Options of `tls.connect`; undefined for a connection without TLS. */
  readonly ssl?: object | undefined
  readonly sasl?: SASLOptions | undefined
  /** How long connecting and logging in may take together, in milliseconds. */
  readonly timeoutMs: number
  readonly runtime: Pick<Runtime, 'setTimeout'>
  readonly signal?: AbortSignal | undefined
}

export interface LoggedIn {
  /** Connected and logged in. Nobody listens to it any more. */
  readonly socket: Socket
  /** The highest version that the broker speaks of each request, by the request's number. */
  readonly versions: ReadonlyMap<number, { readonly min: number; readonly max: number }>
  /** After this many milliseconds the broker ends the connection; undefined when it sets no limit. */
  readonly lifetimeMs: number | undefined
}

/**
 * Connects to a broker and logs in by kafkajs, then takes the socket over. From then on kafkajs has no part in it: its queue
 * would let later requests pass earlier ones while a broker throttles, and would keep a dead connection for thirty seconds
 * (`docs/decisions/kafka.md`).
 */
export async function logIn(options: LoginOptions): Promise<LoggedIn> {
  const { host, port, clientId, ssl, sasl, timeoutMs, runtime, signal } = options
  signal?.throwIfAborted()
  let socket: Socket | undefined
  let reason: unknown
  const pool = new ConnectionPool({
    ...{ host, port, clientId, ssl, logger: SILENT, connectionTimeout: timeoutMs, requestTimeout: timeoutMs },
    // kafkajs writes into this object.
    sasl: sasl && { ...sasl },
    socketFactory({ onConnect }: { onConnect: () => void }) {
      if (socket !== undefined) throw new Error('one login makes one connection')
      socket = ssl
        ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
        : connectTcp({ host, port }, onConnect)
      socket.setKeepAlive(true, KEEP_ALIVE_MS).setNoDelay(true)
      // kafkajs keeps the text of an error and drops its code.
      socket.once('error', (error) => {
        reason = error
      })
      return socket
    },
  })
  const [connection] = pool.pool
  if (connection === undefined) throw new Error('kafkajs made no connection')
  const broker = new Broker({ connectionPool: pool, logger: SILENT, authenticationTimeout: timeoutMs })
  let giveUp = (_error: unknown) => {}
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = reject
  })
  const timer = runtime.setTimeout(
    () => giveUp(new CallFailure(`no answer within ${timeoutMs} ms`)),
    timeoutMs,
  )
  const aborted = () => giveUp(signal?.reason)
  signal?.addEventListener('abort', aborted, { once: true })
  // kafkajs does not listen to this event, and would wait until its own time limit.
  const closed = () => giveUp(reason ?? new CallFailure('the broker closed the connection during the login'))
  try {
    const connected = broker.connect()
    connected.catch(() => {})
    socket?.once('close', closed)
    await Promise.race([connected, givenUp])
    if (socket === undefined) throw new Error('kafkajs made no socket')
    for (const event of ['data', 'end', 'error', 'timeout', 'connect', 'secureConnect'])
      socket.removeAllListeners(event)
    return {
      socket,
      versions: new Map(
        Object.entries(broker.versions).map(([key, { minVersion: min, maxVersion: max }]) => [
          Number(key),
          { min, max },
        ]),
      ),
      lifetimeMs: Number(connection.sessionLifetime) || undefined,
    }
  } catch (error) {
    // When the connection breaks under the login, kafkajs says that the login was refused.
    const cut = /authentication failed: (Not connected|Closed connection|Connection)/.test(textOf(error))
    const cause = reason ?? (cut ? new CallFailure('the connection ended under the login') : error)
    socket?.on('error', () => {})
    socket?.destroy()
    connection.requestQueue.rejectAll(new Error('the login has ended'))
    throw cause
  } finally {
    timer.clear()
    signal?.removeEventListener('abort', aborted)
    socket?.removeListener('close', closed)
    // Ends the interval at which kafkajs looks for requests that took too long.
    connection.requestQueue.destroy()
  }
}

/** How long a connection may be silent before the system asks whether the other side is still there. */
const KEEP_ALIVE_MS = 60_000

const SILENT = {
  namespace: () => SILENT,
  setLogLevel() {},
  info() {},
  error() {},
  warn() {},
  debug() {},
}

/** A request of the administration of topics, encoded by kafkajs. */
export interface AdminRequest<A> {
  readonly name: string
  readonly key: number
  readonly version: number
  encode(): Promise<Buffer>
  decode(answer: Buffer): Promise<A>
}

export interface NewTopic {
  readonly topic: string
  readonly numPartitions: number
  /** −1: the broker's default. */
  readonly replicationFactor: number
  readonly configEntries: readonly { readonly name: string; readonly value: string }[]
}

/** The result for each topic: a number of the protocol's errors, 0 for none. */
export interface TopicErrors {
  readonly topicErrors: readonly {
    readonly topic: string
    readonly errorCode: number
    readonly errorMessage?: string | null
  }[]
}

export interface ConfigResource {
  readonly type: number
  readonly name: string
}

/** The kinds of resources that DescribeConfigs tells the settings of. */
export const TOPIC_RESOURCE = 2
export const BROKER_RESOURCE = 4

export interface Configs {
  readonly resources: readonly {
    readonly errorCode: number
    readonly errorMessage: string | null
    readonly resourceType: number
    readonly resourceName: string
    readonly configEntries: readonly {
      readonly configName: string
      readonly configValue: string | null
      /** The setting is what the broker or its software says, not the topic. */
      readonly isDefault: boolean
    }[]
  }[]
}

export interface DeletedRecords {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly lowWatermark: string
      readonly errorCode: number
    }[]
  }[]
}

export const admin = {
  createTopics: (topics: readonly NewTopic[], timeout: number) =>
    adminRequest<TopicErrors>('CreateTopics', 2, { topics, validateOnly: false, timeout }),
  deleteTopics: (topics: readonly string[], timeout: number) =>
    adminRequest<TopicErrors>('DeleteTopics', 1, { topics, timeout }),
  describeConfigs: (resources: readonly ConfigResource[]) =>
    adminRequest<Configs>('DescribeConfigs', 1, {
      resources: resources.map((resource) => ({ ...resource, configNames: [] })),
    }),
  /** Frees the records of partition 0 below `offset`. */
  deleteRecords: (topic: string, offset: number, timeout: number) =>
    adminRequest<DeletedRecords>('DeleteRecords', 0, {
      topics: [{ topic, partitions: [{ partition: 0, offset: String(offset) }] }],
      timeout,
    }),
}

function adminRequest<A>(name: string, version: number, values: object): AdminRequest<A> {
  const definition = protocol.requests[name]
  if (definition === undefined) throw new Error(`kafkajs has no request ${name}`)
  const { request, response } = definition.protocol({ version })(values)
  return {
    name,
    key: request.apiKey,
    version,
    encode: async () => (await request.encode()).buffer,
    decode: (answer) => response.decode(answer) as Promise<A>,
  }
}
