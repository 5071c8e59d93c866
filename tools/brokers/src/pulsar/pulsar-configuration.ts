import { networkInterfaces } from 'node:os'

export interface PulsarPorts {
  readonly broker: number
  readonly web: number
}

/** `standalone.conf`: a broker, a bookie and their metadata in one process. */
export function pulsarConfiguration(
  ports: PulsarPorts,
  config: Readonly<Record<string, string | number | boolean>> = {},
): string {
  const properties = {
    brokerServicePort: ports.broker,
    webServicePort: ports.web,
    bindAddress: '127.0.0.1',
    advertisedAddress: '127.0.0.1',
    clusterName: 'standalone',
    managedLedgerDefaultEnsembleSize: 1,
    managedLedgerDefaultWriteQuorum: 1,
    managedLedgerDefaultAckQuorum: 1,
    loadBalancerEnabled: false,
    // Read by the bookie inside. Without these it listens on every address, and on a port of its own choice instead
    // of the one that it is given.
    listeningInterface: loopbackInterface(),
    allowLoopback: true,
    allowEphemeralPorts: true,
    webSocketServiceEnabled: true,
    ...config,
  }
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

function loopbackInterface(): string {
  const named = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(({ address }) => address === '127.0.0.1'),
  )
  if (named === undefined) throw new Error('no network interface has the address 127.0.0.1')
  return named[0]
}

/** What Pulsar's own start script gives the JVM, as far as a broker needs it. */
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

/** Log4j's own format: everything to stdout, which the test keeps. */
export const loggingConfiguration = [
  'appender.stdout.type=Console',
  'appender.stdout.name=stdout',
  'appender.stdout.layout.type=PatternLayout',
  'appender.stdout.layout.pattern=%d{HH:mm:ss.SSS} %p %c{1}: %m%n',
  'rootLogger.level=INFO',
  'rootLogger.appenderRef.stdout.ref=stdout',
  '',
].join('\n')
