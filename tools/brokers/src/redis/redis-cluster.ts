import { freePorts } from '../process/free-port.js'
import { untilReady } from '../process/until-ready.js'
import type { Progress } from '../server.js'
import { startAll, stopAll } from '../server-group.js'
import { type RedisOptions, redisArguments } from './redis-options.js'
import { type RedisServer, startRedisProcess } from './redis-server.js'

export interface RedisCluster extends AsyncDisposable {
  /** The primaries, in the order of their slots. They share the 16,384 slots evenly. */
  readonly nodes: readonly RedisServer[]
  /** Resolves when every node reports the cluster as ok. After nodes were away this takes some time. */
  whole(): Promise<void>
  stop(): Promise<void>
}

const slots = 16_384
const wholeTimeoutMs = 60_000

/** Starts three primaries without replicas. Resolves when each of them reports the cluster as ok. */
export async function startRedisCluster(
  options: RedisOptions = {},
  say: Progress = () => {},
): Promise<RedisCluster> {
  const size = 3
  const ports = await freePorts(2 * size)
  const nodes = await startAll(
    ports.slice(0, size).map((port, index) => {
      const config = {
        'cluster-enabled': 'yes',
        // Redis would use its port plus 10,000 for the cluster bus. That port may be in use.
        'cluster-port': ports[size + index] ?? 0,
        'cluster-node-timeout': 2_000,
        ...options.config,
      }
      const nodeOptions = { ...options, config }
      const name = `redis-cluster-${index + 1}`
      return startRedisProcess(
        { name, port, options: nodeOptions, args: redisArguments(port, nodeOptions) },
        say,
      )
    }),
  )
  try {
    await form(nodes, ports.slice(size))
  } catch (error) {
    await stopAll(nodes)
    throw error
  }
  return {
    nodes,
    whole: () => whole(nodes),
    stop: () => stopAll(nodes),
    [Symbol.asyncDispose]: () => stopAll(nodes),
  }
}

async function form(nodes: readonly RedisServer[], busPorts: readonly number[]): Promise<void> {
  const share = Math.ceil(slots / nodes.length)
  for (const [index, node] of nodes.entries()) {
    await node.command('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
    const last = Math.min((index + 1) * share, slots) - 1
    await node.command('CLUSTER', 'ADDSLOTSRANGE', index * share, last)
  }
  const [first, ...others] = nodes
  for (const [index, other] of others.entries()) {
    await first?.command('CLUSTER', 'MEET', other.host, other.port, busPorts[index + 1] ?? 0)
  }
  await whole(nodes)
}

function whole(nodes: readonly RedisServer[]): Promise<void> {
  return untilReady(() => everyNodeIsOk(nodes), {
    what: 'the Redis cluster',
    timeoutMs: wholeTimeoutMs,
    ended: () => nodes.some(({ processId }) => processId === undefined),
    logs: () => nodes.map((node) => node.logs()).join(''),
  })
}

async function everyNodeIsOk(nodes: readonly RedisServer[]): Promise<void> {
  for (const node of nodes) {
    const info = String(await node.command('CLUSTER', 'INFO'))
    const known = /cluster_known_nodes:(\d+)/.exec(info)?.[1]
    if (!info.includes('cluster_state:ok') || Number(known) !== nodes.length) throw new Error(info)
  }
}
