import { type PulsarPolicies, policyRequests } from './pulsar-policies.js'

const timeoutMs = 30_000

export type PulsarAction = 'produce' | 'consume' | 'functions' | 'sources' | 'sinks' | 'packages'

/** An answer of the broker that is not a success. */
export class PulsarAdminError extends Error {
  readonly status: number

  constructor(request: string, status: number, text: string) {
    super(`${request}: HTTP ${status} ${text.slice(0, 500)}`)
    this.status = status
  }
}

/** How a topic's messages are stored, as far as tests ask. The broker's answer has more fields. */
export interface PulsarInternalStats {
  readonly entriesAddedCounter: number
  readonly numberOfEntries: number
  readonly totalSize: number
  readonly currentLedgerEntries: number
  readonly lastConfirmedEntry: string
  readonly state: string
  /** The ledgers that still exist, the oldest first. The last one is open and has `entries: 0` until it is closed. */
  readonly ledgers: readonly { readonly ledgerId: number; readonly entries: number; readonly size: number }[]
  readonly cursors: Readonly<
    Record<string, { readonly markDeletePosition: string; readonly readPosition: string }>
  >
}

/** Who uses a topic, as far as tests ask. The broker's answer has more fields. */
export interface PulsarTopicStats {
  readonly msgInCounter: number
  readonly storageSize: number
  readonly backlogSize: number
  readonly publishers: readonly { readonly producerName: string; readonly accessMode: string }[]
  readonly subscriptions: Readonly<
    Record<
      string,
      { readonly msgBacklog: number; readonly isDurable: boolean; readonly consumers: readonly object[] }
    >
  >
}

/**
 * A broker's admin interface. A topic is named `orders`, `tenant/namespace/orders` or `persistent://tenant/namespace/orders`; the
 * first means `public/default`. Every call resolves when the broker has answered, and rejects with a `PulsarAdminError` when the
 * broker refused.
 */
export class PulsarAdmin {
  readonly url: string
  readonly #token: string | undefined

  constructor(url: string, token?: string) {
    this.url = url
    this.#token = token
  }

  /** Makes any request, such as `request('GET', 'namespaces/public/default')`. Answers the parsed JSON, or the text. */
  async request(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}/admin/v2/${path}`, {
      method,
      headers: {
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await response.text()
    if (!response.ok) throw new PulsarAdminError(`${method} ${path}`, response.status, text)
    return parsed(text)
  }

  /** Creates a topic that has no partitions. */
  async createTopic(topic: string): Promise<void> {
    await this.request('PUT', topicPath(topic))
  }

  /** Deletes a topic. With `force` its producers and consumers are disconnected; without, the broker refuses while it has some. */
  async deleteTopic(topic: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    await this.request('DELETE', `${topicPath(topic)}?force=${force}`)
  }

  /** The full names of a namespace's topics, loaded or not. */
  async topics(namespace = 'public/default'): Promise<string[]> {
    return (await this.request('GET', `persistent/${namespace}`)) as string[]
  }

  /**
   * Disconnects a topic's producers and consumers, and closes its current ledger. The broker loads the topic again for the next
   * client.
   */
  async unload(topic: string): Promise<void> {
    await this.request('PUT', `${topicPath(topic)}/unload`)
  }

  /**
   * Removes the ledgers that every durable subscription has acknowledged and that no retention keeps; never the current one.
   * Resolves when the broker has removed them.
   */
  async trim(topic: string): Promise<void> {
    await this.request('POST', `${topicPath(topic)}/trim`)
  }

  /** The topic has to be loaded: the first call loads it. */
  async stats(topic: string): Promise<PulsarTopicStats> {
    return (await this.request('GET', `${topicPath(topic)}/stats`)) as PulsarTopicStats
  }

  async internalStats(topic: string): Promise<PulsarInternalStats> {
    return (await this.request('GET', `${topicPath(topic)}/internalStats`)) as PulsarInternalStats
  }

  /** The names of a topic's subscriptions, those of readers included. */
  async subscriptions(topic: string): Promise<string[]> {
    return (await this.request('GET', `${topicPath(topic)}/subscriptions`)) as string[]
  }

  /** Creates a durable subscription that has all messages of the topic before it. */
  async createSubscription(topic: string, subscription: string): Promise<void> {
    await this.request('PUT', `${topicPath(topic)}/subscription/${encodeURIComponent(subscription)}`, {
      ledgerId: -1,
      entryId: -1,
      partitionIndex: -1,
    })
  }

  /** Acknowledges for a subscription everything that the topic has. */
  async skipAll(topic: string, subscription: string): Promise<void> {
    await this.request(
      'POST',
      `${topicPath(topic)}/subscription/${encodeURIComponent(subscription)}/skip_all`,
    )
  }

  /** Creates a namespace, such as `public/kept`, with these policies. */
  async createNamespace(namespace: string, policies: PulsarPolicies = {}): Promise<void> {
    await this.request('PUT', `namespaces/${namespace}`)
    await this.setPolicies(namespace, policies)
  }

  async setPolicies(namespace: string, policies: PulsarPolicies): Promise<void> {
    for (const { part, body } of policyRequests(policies))
      await this.request(body === undefined ? 'DELETE' : 'POST', `namespaces/${namespace}/${part}`, body)
  }

  /** Lets a role do these actions on every topic of a namespace, and no others. */
  async grant(namespace: string, role: string, actions: readonly PulsarAction[]): Promise<void> {
    await this.request('POST', `namespaces/${namespace}/permissions/${role}`, actions)
  }

  /** Takes all that was granted to a role on a namespace. */
  async revoke(namespace: string, role: string): Promise<void> {
    await this.request('DELETE', `namespaces/${namespace}/permissions/${role}`)
  }
}

/** The address of a topic in the admin interface. */
export function topicPath(topic: string): string {
  const name = topic.replace(/^persistent:\/\//, '')
  const parts = name.includes('/') ? name.split('/') : ['public', 'default', name]
  if (parts.length !== 3)
    throw new Error(`'${topic}' is not the name of a topic: 'orders', or 'tenant/namespace/orders'.`)
  return ['persistent', ...parts.map(encodeURIComponent)].join('/')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
