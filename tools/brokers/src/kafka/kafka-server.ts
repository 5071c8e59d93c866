import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../process/free-port.js'
import { LocalServer, type LocalServerPlan } from '../process/local-server.js'
import { runCommand } from '../process/run-command.js'
import type { Progress, Server } from '../server.js'
import { startAll, stopAll } from '../server-group.js'
import { type KafkaNode, kafkaConfiguration } from './kafka-configuration.js'
import { apiVersions, livingBrokers } from './kafka-connection.js'
import { kafkaProgram } from './kafka-program.js'

export interface KafkaOptions {
  /** Additional lines of `server.properties`, such as `{ 'log.segment.bytes': 1048576 }`. */
  readonly config?: Readonly<Record<string, string | number>>
  /** The largest heap of each broker, in MiB. Default: 512. */
  readonly heapMegabytes?: number
}

export interface KafkaServer extends Server {
  readonly host: string
  readonly port: number
  /** The brokers' addresses as `host:port`, for the list of brokers that a client takes. */
  readonly address: string
}

export interface KafkaCluster extends AsyncDisposable {
  readonly nodes: readonly KafkaServer[]
  readonly brokers: readonly string[]
  stop(): Promise<void>
}

const startTimeoutMs = 180_000

const logging = ['defaultLogLevel=info', 'showDateTime=true', 'dateTimeFormat=HH:mm:ss.SSS'].map(
  (setting) => `-Dorg.slf4j.simpleLogger.${setting}`,
)

/** Starts one broker, which is also its controller. Resolves when the broker reports itself as up. */
export async function startKafka(options: KafkaOptions = {}, say: Progress = () => {}): Promise<KafkaServer> {
  const [server] = await startNodes(1, options, say)
  if (server === undefined) throw new Error('no broker was started')
  return server
}

/** Starts three brokers, each also a controller. Resolves when each of them knows all three. */
export async function startKafkaCluster(
  options: KafkaOptions = {},
  say: Progress = () => {},
): Promise<KafkaCluster> {
  const nodes = await startNodes(3, options, say)
  const stop = () => stopAll(nodes)
  return { nodes, brokers: nodes.map(({ address }) => address), stop, [Symbol.asyncDispose]: stop }
}

async function startNodes(count: number, options: KafkaOptions, say: Progress): Promise<KafkaServer[]> {
  const program = await kafkaProgram(say)
  const ports = await freePorts(2 * count)
  const nodes = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    port: ports[2 * index] ?? 0,
    controllerPort: ports[2 * index + 1] ?? 0,
  }))
  // Kafka writes a UUID as its 16 bytes in URL-safe Base64 without padding.
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A')
  const started = await startAll(nodes.map((node) => startNode({ node, nodes, clusterId, program, options })))
  say(`Kafka answers at ${started.map(({ address }) => address).join()}`)
  return started
}

interface NodePlan {
  readonly node: KafkaNode
  readonly nodes: readonly KafkaNode[]
  readonly clusterId: string
  readonly program: { readonly java: string; readonly classpath: string }
  readonly options: KafkaOptions
}

function startNode({ node, nodes, clusterId, program, options }: NodePlan): Promise<LocalKafka> {
  const { java, classpath } = program
  const { config, heapMegabytes = 512 } = options
  return new LocalKafka(
    {
      name: `kafka-${node.id}`,
      prepare: async (folder) => {
        writeFileSync(join(folder, 'server.properties'), kafkaConfiguration(node, nodes, config))
        const format = ['format', '--cluster-id', clusterId, '--config', 'server.properties']
        // This program ends soon, so compiling its code with optimisation would cost more than it saves.
        const storageTool = [
          '-cp',
          classpath,
          '-Xmx128m',
          '-XX:TieredStopAtLevel=1',
          'kafka.tools.StorageTool',
        ]
        await runCommand(java, [...storageTool, ...format], { cwd: folder })
        return {
          program: java,
          args: ['-cp', classpath, `-Xmx${heapMegabytes}m`, ...logging, 'kafka.Kafka', 'server.properties'],
        }
      },
      probe: async () => {
        await apiVersions(node.port)
        const living = await livingBrokers(node.port)
        if (living.length < nodes.length)
          throw new Error(`it knows ${living.length} of ${nodes.length} brokers`)
      },
      startTimeoutMs,
    },
    node.port,
  ).start()
}

class LocalKafka extends LocalServer implements KafkaServer {
  readonly host = '127.0.0.1'
  readonly address: string

  constructor(
    plan: LocalServerPlan,
    readonly port: number,
  ) {
    super(plan)
    this.address = `${this.host}:${port}`
  }
}
