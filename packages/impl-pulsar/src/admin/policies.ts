import { type AdminClient, AdminError } from './admin-client.js'

/** A limit for what a topic keeps behind its subscriptions. 0 or less: no limit. */
export interface BacklogQuota {
  readonly type: string
  readonly policy: string
  readonly limitBytes: number
  readonly limitSeconds: number
}

/** The policies that hold for a topic. A policy that could not be read is undefined. */
export interface Policies {
  /** Seconds after which messages count as acknowledged; 0: never. */
  readonly ttlSeconds: number | undefined
  /** Minutes after which a subscription that nobody uses is removed; 0: never. */
  readonly subscriptionExpiryMinutes: number | undefined
  readonly backlogQuotas: readonly BacklogQuota[] | undefined
  /** When a topic that nobody uses is deleted: Pulsar's name of the mode, or `never`. */
  readonly inactiveTopics: string | undefined
  /** How much is kept of what all subscriptions have acknowledged. */
  readonly retention: { readonly minutes: number; readonly megabytes: number } | undefined
  readonly deduplication: boolean | undefined
  /** The bytes behind which the broker compacts the topic by itself; 0: never. */
  readonly compactionBytes: number | undefined
  readonly copies: { readonly written: number; readonly acknowledged: number } | undefined
  /** Why policies could not be read. */
  readonly trouble: string | undefined
}

export const UNKNOWN_POLICIES: Policies = {
  ...{ ttlSeconds: undefined, subscriptionExpiryMinutes: undefined, backlogQuotas: undefined },
  ...{ inactiveTopics: undefined, retention: undefined, deduplication: undefined },
  ...{ compactionBytes: undefined, copies: undefined, trouble: undefined },
}

type Json = Readonly<Record<string, unknown>>

/** HTTP statuses with which a broker says that it does not have policies of single topics. */
const NO_TOPIC_POLICIES = [404, 405, 412]

/**
 * Reads the policies that hold for a topic: its own, or else those of the namespace, or else of the broker. Never rejects: what
 * could not be read stays unknown, with the reason.
 */
export async function readPolicies(
  admin: Pick<AdminClient, 'get'>,
  { namespace, channel }: { readonly namespace: string; readonly channel: string },
): Promise<Policies> {
  let trouble: string | undefined
  /** Null for a policy that nobody has set, undefined for one that is not told. */
  const ask = async (path: string): Promise<unknown> => {
    try {
      return (await admin.get(path)) ?? null
    } catch (error) {
      if (!(error instanceof AdminError && NO_TOPIC_POLICIES.includes(error.status)))
        trouble ??= error instanceof Error ? error.message : String(error)
      return undefined
    }
  }
  const applied = async (name: string, ofNamespace = name) => {
    const ofTopic = await ask(`persistent/${namespace}/${channel}/${name}?applied=true`)
    if (ofTopic !== undefined || trouble !== undefined) return ofTopic
    return ask(`namespaces/${namespace}/${ofNamespace}`)
  }
  // An interface that does not answer is asked once.
  const ttl = await applied('messageTTL')
  if (ttl === undefined) return { ...UNKNOWN_POLICIES, trouble }
  const [expiry, quotas, inactive, retention, deduplication, compaction, persistence] = await Promise.all([
    ask(`namespaces/${namespace}/subscriptionExpirationTime`),
    applied('backlogQuotaMap'),
    applied('inactiveTopicPolicies'),
    applied('retention'),
    applied('deduplicationEnabled', 'deduplication'),
    applied('compactionThreshold'),
    applied('persistence'),
  ])
  return {
    ttlSeconds: numberIn(ttl),
    // The namespace does not tell what holds when it sets nothing.
    subscriptionExpiryMinutes:
      expiry === null ? await brokerSetting(admin, 'subscriptionExpirationTimeMinutes') : numberIn(expiry),
    backlogQuotas: known(quotas, quotasIn),
    inactiveTopics: known(inactive, inactiveMode),
    retention: known(retention, retentionIn),
    deduplication: known(deduplication, (value) => value === true),
    compactionBytes: numberIn(compaction),
    copies: copiesIn(persistence),
    trouble,
  }
}

/** A number among the settings of the broker, which a role may need to be a superuser for; undefined when it is not told. */
async function brokerSetting(admin: Pick<AdminClient, 'get'>, name: string): Promise<number | undefined> {
  const settings = await admin.get('brokers/configuration/runtime').catch(() => undefined)
  const told = (settings as Json | null | undefined)?.[name]
  return typeof told === 'string' && /^\d+$/.test(told) ? Number(told) : undefined
}

function known<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : read(value)
}

function numberIn(value: unknown): number | undefined {
  return known(value, (told) => (typeof told === 'number' ? told : 0))
}

function field(value: unknown, name: string): number {
  const found = (value as Json | null | undefined)?.[name]
  return typeof found === 'number' ? found : -1
}

function quotasIn(value: unknown): readonly BacklogQuota[] {
  return Object.entries((value ?? {}) as Json).map(([type, quota]) => ({
    type,
    policy: String((quota as Json | null)?.policy),
    limitBytes: Math.max(field(quota, 'limitSize'), field(quota, 'limit')),
    limitSeconds: field(quota, 'limitTime'),
  }))
}

function inactiveMode(value: unknown): string {
  const { inactiveTopicDeleteMode, deleteWhileInactive } = (value ?? {}) as Json
  return deleteWhileInactive === false || inactiveTopicDeleteMode === undefined
    ? 'never'
    : String(inactiveTopicDeleteMode)
}

function retentionIn(value: unknown): NonNullable<Policies['retention']> {
  if (value === null) return { minutes: 0, megabytes: 0 }
  return { minutes: field(value, 'retentionTimeInMinutes'), megabytes: field(value, 'retentionSizeInMB') }
}

function copiesIn(value: unknown): Policies['copies'] {
  const written = field(value, 'bookkeeperWriteQuorum')
  const acknowledged = field(value, 'bookkeeperAckQuorum')
  return written < 1 || acknowledged < 1 ? undefined : { written, acknowledged }
}
