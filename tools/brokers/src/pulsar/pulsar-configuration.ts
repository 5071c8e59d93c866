import { networkInterfaces } from 'node:os'

export interface PulsarPorts {
  readonly broker: number
  readonly web: number
}

/** The `standalone.conf` of one process that has a broker, a bookie and their metadata. */
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
