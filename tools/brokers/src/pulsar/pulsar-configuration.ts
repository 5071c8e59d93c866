import { networkInterfaces } from 'node:os'
import { javaProperties } from '../process/java-properties.js'
import type { PulsarOptions } from './pulsar-options.js'
import { securityProperties } from './pulsar-security.js'
import type { TokenSigner } from './pulsar-tokens.js'

export interface PulsarPorts {
  /** The port that the broker listens on for clients. */
  readonly client: number
  /** The port that lookups name to clients: the broker's own, or that of the proxy in front of it. */
  readonly advertised: number
  /** The port for the broker's own clients, always without TLS. */
  readonly internal: number
  /** The port of the admin interface. */
  readonly web: number
}

/** The `standalone.conf` of one process that has a broker, a bookie and their metadata. */
export function pulsarConfiguration(
  ports: PulsarPorts,
  options: PulsarOptions = {},
  signer?: TokenSigner,
): string {
  const scheme = options.tls === undefined ? 'pulsar' : 'pulsar+ssl'
  return javaProperties({
    // Clients connect to the address that a lookup names. The broker connects to itself too, for its health check and its system
    // topics, and must not go through a proxy that a test disturbs. A lookup names the address of the listener on which it came.
    brokerServicePort: ports.internal,
    bindAddresses: `client:${scheme}://127.0.0.1:${ports.client}`,
    advertisedListeners: `internal:pulsar://127.0.0.1:${ports.internal},client:${scheme}://127.0.0.1:${ports.advertised}`,
    internalListenerName: 'internal',
    ...securityProperties(options, signer),
    webServicePort: ports.web,
    bindAddress: '127.0.0.1',
    clusterName: 'standalone',
    managedLedgerDefaultEnsembleSize: 1,
    managedLedgerDefaultWriteQuorum: 1,
    managedLedgerDefaultAckQuorum: 1,
    loadBalancerEnabled: false,
    // The bookie in this process reads these settings. Without them it listens on every network address, and chooses its own
    // port.
    listeningInterface: loopbackInterface(),
    allowLoopback: true,
    allowEphemeralPorts: true,
    // A bookie on a disk of which 95 % are used, by whatever program, takes no more records: new topics then fail with "Not
    // enough non-faulty bookies". A test's few megabytes find room on such a disk.
    diskUsageThreshold: 0.9999,
    diskUsageWarnThreshold: 0.9998,
    webSocketServiceEnabled: true,
    ...options.config,
  })
}

function loopbackInterface(): string {
  const named = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(({ address }) => address === '127.0.0.1'),
  )
  if (named === undefined) throw new Error('no network interface has the address 127.0.0.1')
  return named[0]
}

/** Options for the JVM, as in Pulsar's own start script, as far as a broker needs them. */
export const javaOptions: readonly string[] = [
  '-Dio.netty.tryReflectionSetAccessible=true',
  ...[
    'java.base/java.lang',
    'java.base/java.util.zip',
    'java.base/sun.net',
    'java.base/jdk.internal.misc',
    'java.base/java.nio',
    'java.base/jdk.internal.platform',
    'java.management/sun.management',
    'jdk.management/com.sun.management.internal',
  ].flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]),
]

/** The configuration of Log4j. All output goes to stdout, where the test collects it. */
export const loggingConfiguration = [
  'appender.stdout.type=Console',
  'appender.stdout.name=stdout',
  'appender.stdout.layout.type=PatternLayout',
  'appender.stdout.layout.pattern=%d{HH:mm:ss.SSS} %p %c{1}: %m%n',
  'rootLogger.level=INFO',
  'rootLogger.appenderRef.stdout.ref=stdout',
  '',
].join('\n')
