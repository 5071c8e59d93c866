import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../process/free-port.js'
import { LocalServer, type LocalServerPlan } from '../process/local-server.js'
import type { Progress, Server } from '../server.js'
import {
  javaOptions,
  loggingConfiguration,
  type PulsarPorts,
  pulsarConfiguration,
} from './pulsar-configuration.js'
import { checkHealth, greet } from './pulsar-connection.js'
import { pulsarProgram } from './pulsar-program.js'

export interface PulsarOptions {
  /** Additional lines of `standalone.conf`, such as `{ maxMessageSize: 1048576 }`. */
  readonly config?: Readonly<Record<string, string | number | boolean>>
  /** The largest heap, in MiB; the process may use as much again outside the heap. Default: 512. */
  readonly heapMegabytes?: number
}

export interface PulsarServer extends Server {
  readonly host: string
  readonly port: number
  /** The address of the binary protocol: `pulsar://host:port`. */
  readonly url: string
  /** The address of the admin interface: `http://host:port`. */
  readonly adminUrl: string
}

const startTimeoutMs = 300_000

/** Starts a process with a broker, its storage and its metadata. Resolves when the broker calls itself healthy. */
export async function startPulsar(
  options: PulsarOptions = {},
  say: Progress = () => {},
): Promise<PulsarServer> {
  const { config, heapMegabytes = 512 } = options
  const { java, classpath } = await pulsarProgram(say)
  const [broker = 0, web = 0, bookie = 0] = await freePorts(3)
  const server = new LocalPulsar(
    {
      name: 'pulsar',
      prepare: (folder) => {
        writeFileSync(join(folder, 'standalone.conf'), pulsarConfiguration({ broker, web }, config))
        writeFileSync(join(folder, 'log4j2.properties'), loggingConfiguration)
        return {
          program: java,
          args: [
            ...javaOptions,
            ...['-cp', classpath, '-Dlog4j2.configurationFile=log4j2.properties'],
            ...[`-Xmx${heapMegabytes}m`, `-XX:MaxDirectMemorySize=${heapMegabytes}m`],
            'org.apache.pulsar.PulsarStandaloneStarter',
            ...['--config', 'standalone.conf', '--no-functions-worker', '--no-stream-storage'],
            ...['--metadata-dir', 'metadata', '--bookkeeper-dir', 'bookkeeper'],
            ...['--bookkeeper-port', String(bookie), '--advertised-address', '127.0.0.1'],
          ],
        }
      },
      probe: async () => {
        await checkHealth(web)
        await greet(broker)
      },
      startTimeoutMs,
    },
    { broker, web },
  )
  say('starting Pulsar, which takes its time')
  await server.start()
  say(`Pulsar answers at ${server.url}`)
  return server
}

class LocalPulsar extends LocalServer implements PulsarServer {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly url: string
  readonly adminUrl: string

  constructor(plan: LocalServerPlan, ports: PulsarPorts) {
    super(plan)
    this.port = ports.broker
    this.url = `pulsar://${this.host}:${ports.broker}`
    this.adminUrl = `http://${this.host}:${ports.web}`
  }
}
