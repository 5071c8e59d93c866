/** Policies of a namespace. A policy that is not named stays as it was; `null` removes it, so that the broker's default counts. */
export interface PulsarPolicies {
  /** How much of what every subscription has acknowledged is kept. −1 means without a limit. */
  readonly retention?: { readonly minutes: number; readonly megabytes: number } | null
  /** After how many seconds a subscription passes over a message that was not acknowledged. */
  readonly messageTtlSeconds?: number | null
  /** How many bytes may wait for a topic's slowest subscription, and what happens above. */
  readonly backlogQuota?: { readonly bytes: number; readonly policy: BacklogPolicy } | null
  /** When a topic without producers and consumers is deleted. */
  readonly inactiveTopics?: InactiveTopics | null
  /** After how many minutes a subscription without consumers is deleted. 0 means never. */
  readonly subscriptionExpirationMinutes?: number | null
}

export type BacklogPolicy = 'producer_request_hold' | 'producer_exception' | 'consumer_backlog_eviction'

export interface InactiveTopics {
  readonly mode: 'delete_when_no_subscriptions' | 'delete_when_subscriptions_caught_up'
  readonly seconds: number
}

/** A part of a namespace's address in the admin interface, and what it is set to. No body means that it is removed. */
export interface PolicyRequest {
  readonly part: string
  readonly body: unknown
}

/** The requests that set these policies. */
export function policyRequests(policies: PulsarPolicies): PolicyRequest[] {
  const { retention, messageTtlSeconds, backlogQuota, inactiveTopics, subscriptionExpirationMinutes } =
    policies
  return [
    request('retention', retention, ({ minutes, megabytes }) => ({
      retentionTimeInMinutes: minutes,
      retentionSizeInMB: megabytes,
    })),
    request('messageTTL', messageTtlSeconds, (seconds) => seconds),
    request('backlogQuota', backlogQuota, ({ bytes, policy }) => ({
      limitSize: bytes,
      limitTime: -1,
      policy,
    })),
    request('inactiveTopicPolicies', inactiveTopics, ({ mode, seconds }) => ({
      inactiveTopicDeleteMode: mode,
      maxInactiveDurationSeconds: seconds,
      deleteWhileInactive: true,
    })),
    request('subscriptionExpirationTime', subscriptionExpirationMinutes, (minutes) => minutes),
  ].flat()
}

function request<T>(
  part: string,
  policy: T | null | undefined,
  body: (policy: T) => unknown,
): PolicyRequest[] {
  if (policy === undefined) return []
  return [{ part, body: policy === null ? undefined : body(policy) }]
}
