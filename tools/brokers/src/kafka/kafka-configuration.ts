import { javaProperties } from '../process/java-properties.js'
import type { KafkaOptions } from './kafka-options.js'
import { clientProtocol, securityProperties } from './kafka-security.js'

export interface KafkaNode {
  readonly id: number
  /** The port that the broker listens on for clients. */
  readonly clientPort: number
  /** The port that the broker tells clients: its own, or the port of the proxy in front of it. */
  readonly advertisedPort: number
  /** The port for other brokers and for this tool. It is always without TLS and without a log-in. */
  readonly internalPort: number
  readonly controllerPort: number
}

/** The `server.properties` of one of `nodes`. Each node is both a broker and a controller. */
export function kafkaConfiguration(
  node: KafkaNode,
  nodes: readonly KafkaNode[],
  options: KafkaOptions = {},
): string {
  const replicas = Math.min(nodes.length, 3)
  const at = (port: number) => `127.0.0.1:${port}`
  const properties: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': nodes.map(({ id, controllerPort }) => `${id}@${at(controllerPort)}`).join(),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'INTERNAL',
    listeners: `CLIENT://${at(node.clientPort)},INTERNAL://${at(node.internalPort)},CONTROLLER://${at(node.controllerPort)}`,
    // Clients connect to the address that they are told. Other brokers must not go through a proxy that a test disturbs.
    'advertised.listeners': `CLIENT://${at(node.advertisedPort)},INTERNAL://${at(node.internalPort)}`,
    'listener.security.protocol.map': `CLIENT:${clientProtocol(options)},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT`,
    ...securityProperties(options),
    'log.dirs': 'log',
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    // A killed broker counts as dead within seconds, and another broker takes over its partitions.
    'broker.session.timeout.ms': 6_000,
    'num.partitions': 1,
    'default.replication.factor': replicas,
    'min.insync.replicas': Math.max(1, replicas - 1),
    ...internalTopic('offsets.topic', replicas),
    ...internalTopic('transaction.state.log', replicas),
    ...internalTopic('share.coordinator.state.topic', replicas),
    // Kafka's default is 50 partitions. To create those takes most of a test's time.
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    ...options.config,
  }
  return javaProperties(properties)
}

function internalTopic(prefix: string, replicas: number): Record<string, number> {
  const minInSync = prefix === 'offsets.topic' ? {} : { [`${prefix}.min.isr`]: Math.max(1, replicas - 1) }
  return { [`${prefix}.replication.factor`]: replicas, ...minInSync }
}
