import { randomBytes } from 'node:crypto'
import { freePorts } from '../process/free-port.js'
import { FaultProxy } from '../proxy/fault-proxy.js'
import type { Progress, Server } from '../server.js'
import { startAll, stopAll } from '../server-group.js'
import type { KafkaAcl } from './kafka-acls.js'
import { firstLogIn } from './kafka-log-in.js'
import { checkKafkaOptions, type KafkaOptions } from './kafka-options.js'
import { kafkaProgram } from './kafka-program.js'
import type { KafkaQuota } from './kafka-quota.js'
import { kafkaVersion } from './kafka-version.js'
import { LocalKafka } from './local-kafka.js'

/** What is set for all brokers of a cluster at once. */
export interface KafkaSettings {
  /** Resolves when all brokers that are up act by these entries. Access control is on with the option `superUsers`. */
  addAcls(...acls: readonly KafkaAcl[]): Promise<void>
  /** Limits clients. A broker delays its answers to a client above its limit, and says so in the answers. */
  setQuota(quota: KafkaQuota): Promise<void>
}

export interface KafkaServer extends Server, KafkaSettings {
  readonly host: string
  /** The port that the broker tells clients. */
  readonly port: number
  /** The broker's address as `host:port`, for the list of brokers that a client takes. */
  readonly address: string
  /** A port without TLS, log-in and proxy. The other brokers connect to it. */
  readonly internalPort: number
  /**
   * How many connections clients have to the broker, as Linux counts them. With a proxy this is `proxy.connections`, unless a
   * client goes past the proxy.
   */
  connections(): number
}

export interface ProxiedKafkaServer extends KafkaServer {
  /** The proxy whose address the broker tells clients. */
  readonly proxy: FaultProxy
}

export interface KafkaCluster<S extends KafkaServer = KafkaServer> extends AsyncDisposable, KafkaSettings {
  readonly nodes: readonly S[]
  readonly brokers: readonly string[]
  stop(): Promise<void>
}

type Proxied = KafkaOptions & { readonly proxy: true | { readonly seed: number } }

/** Starts one broker, which is also its controller. Resolves when clients can log in and the broker reports itself as up. */
export function startKafka(options: Proxied, say?: Progress): Promise<ProxiedKafkaServer>
export function startKafka(options?: KafkaOptions, say?: Progress): Promise<KafkaServer>
export async function startKafka(options: KafkaOptions = {}, say: Progress = () => {}): Promise<KafkaServer> {
  const [server] = await startNodes(1, options, say)
  if (server === undefined) throw new Error('no broker was started')
  return server
}

/** Starts three brokers, each also a controller. Resolves when clients can log in at each, and each knows all three. */
export function startKafkaCluster(options: Proxied, say?: Progress): Promise<KafkaCluster<ProxiedKafkaServer>>
export function startKafkaCluster(options?: KafkaOptions, say?: Progress): Promise<KafkaCluster>
export async function startKafkaCluster(
  options: KafkaOptions = {},
  say: Progress = () => {},
): Promise<KafkaCluster> {
  const nodes = await startNodes(3, options, say)
  const running = () => {
    const node = nodes.find(({ processId }) => processId !== undefined)
    if (node === undefined) throw new Error('No broker of the cluster is running.')
    return node
  }
  const stop = () => stopAll(nodes)
  return {
    nodes,
    brokers: nodes.map(({ address }) => address),
    addAcls: (...acls) => running().addAcls(...acls),
    setQuota: (quota) => running().setQuota(quota),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function startNodes(count: number, options: KafkaOptions, say: Progress): Promise<LocalKafka[]> {
  checkKafkaOptions(options)
  const logIn = firstLogIn(options)
  const program = await kafkaProgram(kafkaVersion(options.version), say)
  const addresses = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const [clientPort = 0, internalPort = 0, controllerPort = 0] = await freePorts(3)
      const proxy = await startProxy(clientPort, options.proxy)
      const advertisedPort = proxy?.port ?? clientPort
      return { node: { id: index + 1, clientPort, advertisedPort, internalPort, controllerPort }, proxy }
    }),
  )
  const nodes = addresses.map(({ node }) => node)
  // Kafka writes a UUID as its 16 bytes in URL-safe Base64 without padding.
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A')
  const started = await startAll(
    addresses.map(({ node, proxy }) =>
      new LocalKafka({ node, nodes, clusterId, program, options, logIn, proxy }).start(),
    ),
  )
  say(`Kafka answers at ${started.map(({ address }) => address).join()}`)
  return started
}

async function startProxy(port: number, option: KafkaOptions['proxy']): Promise<FaultProxy | undefined> {
  if (option === undefined || option === false) return undefined
  return await FaultProxy.start({ target: { port }, ...(option === true ? {} : option) })
}
