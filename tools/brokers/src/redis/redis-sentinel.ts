import { freePorts } from '../process/free-port.js'
import { untilReady } from '../process/until-ready.js'
import type { Progress } from '../server.js'
import { startAll, stopAll } from '../server-group.js'
import { type RedisOptions, redisArguments, tlsDirectives } from './redis-options.js'
import { type RedisServer, startRedisProcess } from './redis-server.js'

export interface RedisSentinel extends AsyncDisposable {
  /** The name under which the sentinels know the primary. */
  readonly masterName: string
  /** The data servers. At the start the first one is the primary, and the others replicate it. */
  readonly servers: readonly RedisServer[]
  readonly sentinels: readonly RedisServer[]
  /** The server that the sentinels regard as the primary now. */
  primary(): Promise<RedisServer>
  stop(): Promise<void>
}

export interface RedisSentinelOptions extends RedisOptions {
  /** How long, in milliseconds, a primary may not answer before the sentinels begin a failover. Default: 1,000. */
  readonly downAfterMs?: number
}

const masterName = 'wal'
const formTimeoutMs = 60_000

/** Starts a primary, two replicas and three sentinels with a quorum of two. Resolves when all of them know each other. */
export async function startRedisSentinel(
  options: RedisSentinelOptions = {},
  say: Progress = () => {},
): Promise<RedisSentinel> {
  const [primaryPort = 0, ...otherPorts] = await freePorts(6)
  const started: RedisServer[] = []
  try {
    started.push(await startDataServer(1, primaryPort, options, say))
    const replication = { replicaof: `127.0.0.1 ${primaryPort}`, 'repl-diskless-sync-delay': 0 }
    const replicaOptions = { ...options, config: { ...replication, ...options.config } }
    started.push(
      ...(await startAll(
        otherPorts.slice(0, 2).map((port, index) => startDataServer(index + 2, port, replicaOptions, say)),
      )),
    )
    await waitFor('replication', started, replicasAreLinked)
    started.push(
      ...(await startAll(
        otherPorts.slice(2).map((port, index) => startSentinel(index + 1, port, primaryPort, options, say)),
      )),
    )
    await waitFor('the sentinels', started, sentinelsAgree)
  } catch (error) {
    await stopAll(started)
    throw error
  }
  const servers = started.slice(0, 3)
  const sentinels = started.slice(3)
  const stop = () => stopAll(started)
  return {
    masterName,
    servers,
    sentinels,
    primary: () => primaryOf(servers, sentinels),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function startDataServer(number: number, port: number, options: RedisOptions, say: Progress) {
  const config = { 'repl-diskless-sync-delay': 0, ...options.config }
  const dataOptions = { ...options, config }
  const args = redisArguments(port, dataOptions)
  return startRedisProcess({ name: `redis-data-${number}`, port, options: dataOptions, args }, say)
}

function startSentinel(
  number: number,
  port: number,
  primaryPort: number,
  { downAfterMs = 1_000, password, tls }: RedisSentinelOptions,
  say: Progress,
) {
  const listening = tls === undefined ? { port } : tlsDirectives(port, tls)
  const configuration = [
    'bind 127.0.0.1',
    ...Object.entries(listening).map((directive) => directive.join(' ')),
    `sentinel monitor ${masterName} 127.0.0.1 ${primaryPort} 2`,
    `sentinel down-after-milliseconds ${masterName} ${downAfterMs}`,
    `sentinel failover-timeout ${masterName} ${Math.max(2 * downAfterMs, 10_000)}`,
    ...(password === undefined ? [] : [`sentinel auth-pass ${masterName} ${password}`]),
  ].join('\n')
  return startRedisProcess(
    {
      name: `redis-sentinel-${number}`,
      port,
      options: tls === undefined ? {} : { tls },
      args: ['sentinel.conf', '--sentinel'],
      // Sentinels write what they learn into this file, so that a restarted sentinel knows the others.
      files: { 'sentinel.conf': `${configuration}\n` },
    },
    say,
  )
}

function waitFor(what: string, servers: RedisServer[], check: (servers: RedisServer[]) => Promise<void>) {
  return untilReady(() => check(servers), {
    what,
    timeoutMs: formTimeoutMs,
    ended: () => servers.some(({ processId }) => processId === undefined),
    logs: () => servers.map((server) => server.logs()).join(''),
  })
}

async function replicasAreLinked(servers: readonly RedisServer[]): Promise<void> {
  for (const replica of servers.slice(1)) {
    const info = String(await replica.command('INFO', 'replication'))
    if (!info.includes('master_link_status:up')) throw new Error(info)
  }
}

async function sentinelsAgree(servers: readonly RedisServer[]): Promise<void> {
  for (const sentinel of servers.slice(3)) {
    const state = pairs(await sentinel.command('SENTINEL', 'MASTER', masterName))
    const { flags, 'num-slaves': replicas, 'num-other-sentinels': others } = Object.fromEntries(state)
    if (flags !== 'master' || replicas !== '2' || others !== '2') {
      throw new Error(`${sentinel.name}: flags ${flags}, ${replicas} replicas, ${others} other sentinels`)
    }
  }
}

function pairs(reply: unknown): [string, string][] {
  const words = reply as string[]
  return words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? '']] : []))
}

async function primaryOf(servers: readonly RedisServer[], sentinels: readonly RedisServer[]) {
  const asked = sentinels.find(({ processId }) => processId !== undefined)
  if (asked === undefined) throw new Error('no sentinel is running')
  const address = await asked.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName)
  const port = Number((address as string[] | null)?.[1])
  const primary = servers.find((server) => server.port === port)
  if (primary === undefined) throw new Error(`${asked.name} names port ${port}, which is none of ours`)
  return primary
}
