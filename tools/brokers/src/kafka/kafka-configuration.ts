export interface KafkaNode {
  readonly id: number
  readonly port: number
  readonly controllerPort: number
}

/** The `server.properties` of one of `nodes`. Each node is both a broker and a controller. */
export function kafkaConfiguration(
  node: KafkaNode,
  nodes: readonly KafkaNode[],
  config: Readonly<Record<string, string | number>> = {},
): string {
  const replicas = Math.min(nodes.length, 3)
  const properties: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': nodes
      .map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`)
      .join(),
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${node.port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': 'log',
    'auto.create.topics.enable': 'false',
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
    ...config,
  }
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

function internalTopic(prefix: string, replicas: number): Record<string, number> {
  const minInSync = prefix === 'offsets.topic' ? {} : { [`${prefix}.min.isr`]: Math.max(1, replicas - 1) }
  return { [`${prefix}.replication.factor`]: replicas, ...minInSync }
}
