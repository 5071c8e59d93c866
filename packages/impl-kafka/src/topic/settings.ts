import type { Cluster } from '../client/cluster.js'
import { admin, BROKER_RESOURCE, type Configs, TOPIC_RESOURCE } from '../client/kafkajs.js'
import type { TopicState } from '../client/topic-memory.js'

/** The settings of a topic and of the broker that leads it, as far as the broker tells them. */
export interface LogSettings {
  readonly replicas: number
  readonly minInSync: number | undefined
  readonly uncleanElection: boolean | undefined
  readonly cleanup: string | undefined
  /** Milliseconds and bytes after which records are removed; −1 for never. */
  readonly retentionMs: number | undefined
  readonly retentionBytes: number | undefined
  readonly timestampType: string | undefined
  /** The largest batch that the topic takes, in bytes. */
  readonly maxMessageBytes: number | undefined
  /** How long the partition remembers a producer that stores nothing, in milliseconds. */
  readonly producerExpiryMs: number | undefined
  /** Whether the broker syncs every batch to its disk before it answers. */
  readonly flushMessages: number | undefined
}

/** Reads the settings. What the user may not read stays unknown. */
export async function readSettings(
  cluster: Cluster,
  topic: TopicState,
  deadline = cluster.deadline(),
): Promise<LogSettings> {
  const ask = async (type: number, name: string) =>
    settingsIn(await cluster.askAdmin(topic.leader, admin.describeConfigs([{ type, name }]), deadline))
  const [ofTopic, ofBroker] = await Promise.all([
    ask(TOPIC_RESOURCE, topic.name),
    ask(BROKER_RESOURCE, String(topic.leader)),
  ])
  return {
    replicas: topic.replicas,
    minInSync: number(ofTopic.get('min.insync.replicas')),
    uncleanElection: flag(ofTopic.get('unclean.leader.election.enable')),
    cleanup: ofTopic.get('cleanup.policy'),
    retentionMs: number(ofTopic.get('retention.ms')),
    retentionBytes: number(ofTopic.get('retention.bytes')),
    timestampType: ofTopic.get('message.timestamp.type'),
    maxMessageBytes: number(ofTopic.get('max.message.bytes')),
    producerExpiryMs: number(ofBroker.get('producer.id.expiration.ms')),
    flushMessages: number(ofTopic.get('flush.messages')),
  }
}

function settingsIn({ resources }: Configs): ReadonlyMap<string, string> {
  const entries = resources.flatMap(({ errorCode, configEntries }) => (errorCode === 0 ? configEntries : []))
  return new Map(
    entries.flatMap(({ configName, configValue }) =>
      configValue === null ? [] : [[configName, configValue]],
    ),
  )
}

function number(text: string | undefined): number | undefined {
  return text === undefined || text === '' ? undefined : Number(text)
}

function flag(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text === 'true'
}
