import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { establishedConnections } from '../process/established-connections.js'
import { compilerOptions } from '../process/java.js'
import { type Command, LocalServer } from '../process/local-server.js'
import type { FaultProxy } from '../proxy/fault-proxy.js'
import { journalIsCut } from './bookie-journal.js'
import { PulsarAdmin } from './pulsar-admin.js'
import {
  javaOptions,
  loggingConfiguration,
  type PulsarPorts,
  pulsarConfiguration,
} from './pulsar-configuration.js'
import { checkHealth, greet } from './pulsar-connection.js'
import type { PulsarOptions } from './pulsar-options.js'
import { ownRole, writeCertificates } from './pulsar-security.js'
import type { TokenOptions, TokenSigner } from './pulsar-tokens.js'

export interface LocalPulsarPlan {
  readonly ports: PulsarPorts
  readonly bookiePort: number
  readonly program: { readonly java: string; readonly classpath: string }
  readonly options: PulsarOptions
  readonly signer: TokenSigner | undefined
  /** The proxy whose address lookups name. It is closed when the broker is stopped. */
  readonly proxy: FaultProxy | undefined
}

const startTimeoutMs = 300_000
/** Where the bookie has its journal, in the server's folder. */
const bookieFolder = 'bookkeeper/current'

export class LocalPulsar extends LocalServer {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly url: string
  readonly adminUrl: string
  readonly admin: PulsarAdmin
  readonly #clientPort: number
  readonly #proxy: FaultProxy | undefined
  readonly #signer: TokenSigner | undefined

  constructor(plan: LocalPulsarPlan) {
    const { ports, options, signer, proxy } = plan
    const token = signer?.token(ownRole)
    super({
      name: 'pulsar',
      prepare: (folder) => prepare(folder, plan),
      probe: async () => {
        await checkHealth(ports.web, token)
        await greet(ports.client, {
          ...(token === undefined ? {} : { token }),
          ...(options.tls === undefined ? {} : { authority: options.tls.authority }),
        })
      },
      startTimeoutMs,
      filesAreWhole: (folder) => !journalIsCut(join(folder, bookieFolder)),
    })
    this.port = ports.advertised
    this.url = `${options.tls === undefined ? 'pulsar' : 'pulsar+ssl'}://${this.host}:${this.port}`
    this.adminUrl = `http://${this.host}:${ports.web}`
    this.admin = new PulsarAdmin(this.adminUrl, token)
    this.#clientPort = ports.client
    this.#proxy = proxy
    this.#signer = signer
  }

  get proxy(): FaultProxy {
    if (this.#proxy === undefined) throw new Error(`${this.name} was started without a proxy.`)
    return this.#proxy
  }

  token(subject: string, options: TokenOptions = {}): string {
    if (this.#signer === undefined) throw new Error(`${this.name} was started without the option tokenKey.`)
    return this.#signer.token(subject, options)
  }

  connections(): number {
    return establishedConnections(this.#clientPort)
  }

  override async stop(): Promise<void> {
    await Promise.all([this.#proxy?.close(), super.stop()])
  }
}

function prepare(folder: string, plan: LocalPulsarPlan): Command {
  const { ports, bookiePort, program, options, signer } = plan
  const { tls, heapMegabytes = 512 } = options
  if (tls !== undefined) writeCertificates(folder, tls)
  // The file may have a key and a token in it.
  writeFileSync(join(folder, 'standalone.conf'), pulsarConfiguration(ports, options, signer), { mode: 0o600 })
  writeFileSync(join(folder, 'log4j2.properties'), loggingConfiguration)
  return {
    program: program.java,
    args: [
      ...javaOptions,
      ...compilerOptions(options),
      ...['-cp', program.classpath, '-Dlog4j2.configurationFile=log4j2.properties'],
      ...[`-Xmx${heapMegabytes}m`, `-XX:MaxDirectMemorySize=${heapMegabytes}m`],
      'org.apache.pulsar.PulsarStandaloneStarter',
      ...['--config', 'standalone.conf', '--no-functions-worker', '--no-stream-storage'],
      ...['--metadata-dir', 'metadata', '--bookkeeper-dir', 'bookkeeper'],
      ...['--bookkeeper-port', String(bookiePort)],
    ],
  }
}
