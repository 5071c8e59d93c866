import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { establishedConnections } from '../process/established-connections.js'
import { compilerOptions } from '../process/java.js'
import { type Command, LocalServer } from '../process/local-server.js'
import { runCommand } from '../process/run-command.js'
import { untilReady } from '../process/until-ready.js'
import type { FaultProxy } from '../proxy/fault-proxy.js'
import { checkAcls, createAcls, type KafkaAcl } from './kafka-acls.js'
import { type KafkaNode, kafkaConfiguration } from './kafka-configuration.js'
import { livingBrokers } from './kafka-connection.js'
import { checkLogIn, type LogIn } from './kafka-log-in.js'
import type { KafkaOptions } from './kafka-options.js'
import type { KafkaProgram } from './kafka-program.js'
import { alterQuota, type KafkaQuota } from './kafka-quota.js'
import { scramArguments, writeKeyStores } from './kafka-security.js'

export interface LocalKafkaPlan {
  readonly node: KafkaNode
  /** All nodes of the cluster. */
  readonly nodes: readonly KafkaNode[]
  readonly clusterId: string
  readonly program: KafkaProgram
  readonly options: KafkaOptions
  /** How the readiness probe logs in. */
  readonly logIn: LogIn
  /** The proxy whose address the broker tells clients. It is closed when the broker is stopped. */
  readonly proxy: FaultProxy | undefined
}

const startTimeoutMs = 180_000
const aclTimeoutMs = 30_000

const logging = ['defaultLogLevel=info', 'showDateTime=true', 'dateTimeFormat=HH:mm:ss.SSS'].map(
  (setting) => `-Dorg.slf4j.simpleLogger.${setting}`,
)

export class LocalKafka extends LocalServer {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly address: string
  readonly internalPort: number
  readonly #clientPort: number
  readonly #proxy: FaultProxy | undefined

  constructor(plan: LocalKafkaPlan) {
    const { node, nodes, logIn, proxy } = plan
    super({
      name: `kafka-${node.id}`,
      prepare: (folder) => prepare(folder, plan),
      probe: async () => {
        await checkLogIn(node.clientPort, logIn)
        const living = await livingBrokers(node.internalPort)
        if (living.length < nodes.length)
          throw new Error(`it knows ${living.length} of ${nodes.length} brokers`)
      },
      startTimeoutMs,
    })
    this.port = node.advertisedPort
    this.address = `${this.host}:${this.port}`
    this.internalPort = node.internalPort
    this.#clientPort = node.clientPort
    this.#proxy = proxy
  }

  get proxy(): FaultProxy {
    if (this.#proxy === undefined) throw new Error(`${this.name} was started without a proxy.`)
    return this.#proxy
  }

  connections(): number {
    return establishedConnections(this.#clientPort)
  }

  async addAcls(...acls: readonly KafkaAcl[]): Promise<void> {
    await createAcls(this.internalPort, acls)
    const ports = await livingBrokers(this.internalPort)
    await untilReady(async () => void (await Promise.all(ports.map((port) => checkAcls(port, acls)))), {
      what: 'the access control list',
      timeoutMs: aclTimeoutMs,
      ended: () => this.processId === undefined,
      logs: () => this.logs(),
    })
  }

  async setQuota(quota: KafkaQuota): Promise<void> {
    await alterQuota(this.internalPort, quota)
  }

  override async stop(): Promise<void> {
    await Promise.all([this.#proxy?.close(), super.stop()])
  }
}

async function prepare(folder: string, plan: LocalKafkaPlan): Promise<Command> {
  const { node, nodes, clusterId, options } = plan
  const { java, classpath } = plan.program
  const { sasl, tls, heapMegabytes = 512 } = options
  if (tls !== undefined) writeKeyStores(folder, tls)
  // The file may have passwords in it.
  const file = join(folder, 'server.properties')
  writeFileSync(file, kafkaConfiguration(node, nodes, options), { mode: 0o600 })
  const format = ['format', '--cluster-id', clusterId, '--config', 'server.properties']
  if (sasl !== undefined) format.push(...scramArguments(sasl))
  const storageTool = ['-cp', classpath, '-Xmx128m', ...compilerOptions({}), 'kafka.tools.StorageTool']
  await runCommand(java, [...storageTool, ...format], { cwd: folder })
  return {
    program: java,
    args: [
      ...['-cp', classpath, `-Xmx${heapMegabytes}m`, ...compilerOptions(options), ...logging],
      ...['kafka.Kafka', 'server.properties'],
    ],
  }
}
