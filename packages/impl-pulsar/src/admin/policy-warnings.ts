import type { BacklogQuota, Policies } from './policies.js'

export interface WarningContext {
  /** The durable subscription's name. */
  readonly subscription: string
  /** Tenant and namespace, as pulsar-admin takes them. */
  readonly namespace: string
}

/** Whether the broker removes a log's oldest records when this quota is used up. */
export function evicts({ policy, limitBytes, limitSeconds }: BacklogQuota): boolean {
  return policy === 'consumer_backlog_eviction' && (limitBytes > 0 || limitSeconds > 0)
}

/** The mode in which a topic is deleted although it has our subscription. */
export const DELETED_WHEN_CAUGHT_UP = 'delete_when_subscriptions_caught_up'

/** The policies that remove records, or that an operator of a log should know of: one text each, with the remedy. */
export function* policyWarnings(policies: Policies, context: WarningContext): Generator<string> {
  const { ttlSeconds = 0, subscriptionExpiryMinutes, backlogQuotas = [], inactiveTopics } = policies
  const { namespace, subscription } = context
  if (ttlSeconds > 0)
    yield `Messages count as acknowledged after ${ttlSeconds} s (message TTL), and the broker removes them then. Take the TTL away: pulsar-admin namespaces remove-message-ttl ${namespace}, and pulsar-admin topicPolicies remove-message-ttl for the topic.`
  if (subscriptionExpiryMinutes === undefined) {
    if (policies.ttlSeconds !== undefined && policies.trouble === undefined)
      yield `Whether the broker removes a subscription that nobody uses (subscription expiration time) is not told: the namespace sets no time, and the broker’s settings may not be read. Set the time to 0: pulsar-admin namespaces set-subscription-expiration-time -t 0 ${namespace}.`
  } else if (subscriptionExpiryMinutes > 0)
    yield `A subscription that nobody uses is removed after ${subscriptionExpiryMinutes} min (subscription expiration time), also "${subscription}", which keeps the log’s records. Set the time to 0: pulsar-admin namespaces set-subscription-expiration-time -t 0 ${namespace}.`
  for (const quota of backlogQuotas) yield* quotaWarning(quota, context)
  if (inactiveTopics === DELETED_WHEN_CAUGHT_UP)
    yield `The broker deletes an idle topic whose subscriptions have acknowledged everything (inactive-topic policy ${inactiveTopics}). Choose delete_when_no_subscriptions: pulsar-admin namespaces set-inactive-topic-policies ${namespace}.`
  yield* costs(policies, namespace)
  if (policies.trouble !== undefined)
    yield `The admin interface does not tell the policies that could remove records (${policies.trouble}). Mend the option adminUrl, or let the token’s role read the policies of ${namespace}.`
}

function* quotaWarning(quota: BacklogQuota, { namespace, subscription }: WarningContext): Generator<string> {
  const { type, policy, limitBytes, limitSeconds } = quota
  if (limitBytes <= 0 && limitSeconds <= 0) return
  const limits = [
    ...(limitBytes > 0 ? [`${limitBytes} bytes`] : []),
    ...(limitSeconds > 0 ? [`records that are ${limitSeconds} s old`] : []),
  ].join(' or ')
  if (evicts(quota))
    yield `The broker removes the log’s oldest records when it has ${limits} (backlog quota ${type}, consumer_backlog_eviction). Choose producer_request_hold: pulsar-admin namespaces set-backlog-quota -p producer_request_hold ${namespace}.`
  else
    yield `Appends wait when the log has ${limits} (backlog quota ${type}, ${policy}), since the log is the backlog of the subscription "${subscription}". Truncate in time, or raise the quota: pulsar-admin namespaces set-backlog-quota ${namespace}.`
}

/** Policies that remove no records, and that a log has no use for. */
function* costs(
  { retention, deduplication, compactionBytes = 0, copies }: Policies,
  namespace: string,
): Generator<string> {
  if (retention !== undefined && (retention.minutes !== 0 || retention.megabytes !== 0))
    yield `Truncation frees storage late, or not at all: the broker keeps truncated records (retention: ${retention.minutes} min, ${retention.megabytes} MB; −1 is without limit). Take the retention away: pulsar-admin namespaces remove-retention ${namespace}.`
  if (deduplication === true)
    yield `The broker looks for copies itself (deduplication), which a log does not need and pays for with snapshots. Turn it off: pulsar-admin namespaces set-deduplication --disable ${namespace}.`
  if (compactionBytes > 0)
    yield `The broker compacts the topic at ${compactionBytes} bytes (compaction threshold), which is of no use to a log. Set the threshold to 0: pulsar-admin namespaces set-compaction-threshold --threshold 0 ${namespace}.`
  if (copies?.acknowledged === 1)
    yield `A record is acknowledged when one bookie has it (ack quorum 1, write quorum ${copies.written}): when that bookie is lost, so is the record. Raise both: pulsar-admin namespaces set-persistence ${namespace}.`
}
