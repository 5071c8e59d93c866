import { freePorts } from '../process/free-port.js'
import { FaultProxy } from '../proxy/fault-proxy.js'
import type { Progress, Server } from '../server.js'
import { LocalPulsar } from './local-pulsar.js'
import type { PulsarAdmin } from './pulsar-admin.js'
import { checkPulsarOptions, type PulsarOptions } from './pulsar-options.js'
import { pulsarProgram } from './pulsar-program.js'
import { createTokenSigner, type TokenOptions } from './pulsar-tokens.js'

export interface PulsarServer extends Server {
  readonly host: string
  /** The port of the binary protocol that lookups name. */
  readonly port: number
  /** The address of the binary protocol: `pulsar://host:port`, or `pulsar+ssl://host:port`. */
  readonly url: string
  /** The address of the admin interface: `http://host:port`. */
  readonly adminUrl: string
  /** The admin interface, in which every call is made as a super user. */
  readonly admin: PulsarAdmin
  /** A token by which a client has the role `subject`. The server has to be started with the option `tokenKey`. */
  token(subject: string, options?: TokenOptions): string
  /**
   * How many connections clients have to the broker, as Linux counts them. With a proxy this is `proxy.connections`, unless a
   * client goes past the proxy. The broker's own connections to itself are not counted.
   */
  connections(): number
}

export interface ProxiedPulsarServer extends PulsarServer {
  /** The proxy whose address lookups name. */
  readonly proxy: FaultProxy
}

type Proxied = PulsarOptions & { readonly proxy: true | { readonly seed: number } }

/**
 * Starts a process with a broker, its storage and its metadata. Resolves when clients can log in and the broker calls itself
 * healthy.
 */
export function startPulsar(options: Proxied, say?: Progress): Promise<ProxiedPulsarServer>
export function startPulsar(options?: PulsarOptions, say?: Progress): Promise<PulsarServer>
export async function startPulsar(
  options: PulsarOptions = {},
  say: Progress = () => {},
): Promise<PulsarServer> {
  checkPulsarOptions(options)
  const program = await pulsarProgram(say)
  const [client = 0, internal = 0, web = 0, bookiePort = 0] = await freePorts(4)
  const proxy = await startProxy(client, options.proxy)
  const signer = options.tokenKey === undefined ? undefined : createTokenSigner(options.tokenKey)
  const ports = { client, advertised: proxy?.port ?? client, internal, web }
  const server = new LocalPulsar({ ports, bookiePort, program, options, signer, proxy })
  say('starting Pulsar, which takes its time')
  await server.start()
  say(`Pulsar answers at ${server.url}`)
  return server
}

async function startProxy(port: number, option: PulsarOptions['proxy']): Promise<FaultProxy | undefined> {
  if (option === undefined || option === false) return undefined
  return await FaultProxy.start({ target: { port }, ...(option === true ? {} : option) })
}
