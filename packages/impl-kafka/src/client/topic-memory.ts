import { CallFailure } from '@wal/walimpls/helper'
import { errorName } from '../protocol/error-codes.js'
import type { TopicMetadata } from '../protocol/metadata.js'
import { throwOnError } from './kafka-error.js'

/** Partition 0 of a topic, as the brokers last told it. */
export interface TopicState {
  readonly name: string
  /** The topic's own id, which a topic of the same name that is made later does not have. */
  readonly id: string
  readonly partitions: number
  /** The number of the broker that takes appends and answers reads. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: number
}

/** What brokers answered about a topic. */
export interface Views {
  /** One answer of each broker that answered. */
  readonly views: readonly TopicMetadata[]
  /** How many brokers of those that the cluster lists have answered, and how many it lists. */
  readonly answered: number
  readonly listed: number
}

interface Remembered {
  state: TopicState
  /** A broker refused a request that was made by this state, or its connection was lost. */
  doubted: boolean
  /** How many logs of this name are open. */
  logs: number
}

/**
 * What is known of the topics whose logs are open. Each broker learns of changes by itself, and one that is cut off goes on
 * telling of a leader that was replaced, so a single answer is not believed when it contradicts what is known, or says what was
 * just refused.
 *
 * Example: broker 2 leads at epoch 7, and is lost. Broker 1, which is cut off, says "broker 2, epoch 7" again; broker 3 says
 * "broker 3, epoch 8", which holds.
 */
export class TopicMemory {
  readonly #topics = new Map<string, Remembered>()

  /** Remembers a topic until the function that is returned is called, which is when its log is closed. */
  hold(topic: TopicState): () => void {
    const known = this.#topics.get(topic.name) ?? { state: topic, doubted: false, logs: 0 }
    this.#topics.set(topic.name, known)
    known.logs++
    return () => {
      known.logs--
      if (known.logs === 0) this.#topics.delete(topic.name)
    }
  }

  /** What is known of a topic, and was not doubted since. */
  get(name: string): TopicState | undefined {
    const known = this.#topics.get(name)
    return known === undefined || known.doubted ? undefined : known.state
  }

  /** Has the brokers asked for the topic before it is used again. */
  doubt(name: string): void {
    const known = this.#topics.get(name)
    if (known !== undefined) known.doubted = true
  }

  /** Whether more brokers have to be asked before these answers are believed. */
  needsMore(name: string, { views, answered, listed }: Views): boolean {
    const all = answered >= listed
    const known = this.#topics.get(name)
    const best = bestOf(views, known?.state.id)
    // A topic that is missing, or has another id than the log that is open.
    if (best === undefined) return !all && views.every(isTold)
    if (known === undefined || best.leaderEpoch > known.state.leaderEpoch) return false
    if (best.leaderEpoch < known.state.leaderEpoch) return !all
    return known.doubted && !all
  }

  /**
   * What holds by these answers; undefined when the topic does not exist. A topic is gone only when every broker that answered
   * says so, and most brokers did: a broker that lags behind does not know a new topic yet, or still knows an old one. Of one
   * topic the highest leader epoch holds, and a lower one than was known before only when every broker says so, which is the
   * case when the whole cluster was set back to an older copy of its data.
   */
  settle(name: string, { views, answered, listed }: Views): TopicState | undefined {
    const known = this.#topics.get(name)
    const best = bestOf(views, known?.state.id)
    if (best !== undefined) {
      if (known === undefined) return best
      if (best.leaderEpoch < known.state.leaderEpoch && answered < listed) return known.state
      known.state = best
      known.doubted = false
      return best
    }
    for (const view of views) if (!isTold(view)) throwOnError(view.errorCode)
    if (!isMost(answered, listed))
      throw new CallFailure(
        `${answered} of ${listed} brokers answered, which are too few to tell whether the topic ${name} exists`,
      )
    const another = bestOf(views, undefined)
    if (known !== undefined) {
      known.state = another ?? known.state
      known.doubted = another === undefined
    }
    return another
  }
}

/** The answer with the highest leader epoch among those about the topic of this id, or about any topic. */
function bestOf(views: readonly TopicMetadata[], id: string | undefined): TopicState | undefined {
  let best: TopicState | undefined
  for (const view of views) {
    if (view.errorCode !== 0 || (id !== undefined && view.topicId !== id)) continue
    const state = stateOf(view)
    if (best === undefined || state.leaderEpoch > best.leaderEpoch) best = state
  }
  return best
}

/** Whether the broker told what it knows: the topic, or that it knows none of that name. */
function isTold({ errorCode }: TopicMetadata): boolean {
  return errorCode === 0 || errorName(errorCode) === 'UNKNOWN_TOPIC_OR_PARTITION'
}

function isMost(answered: number, listed: number): boolean {
  return answered * 2 > listed
}

function stateOf({ name, topicId: id, partitions }: TopicMetadata): TopicState {
  const first = partitions.find(({ partition }) => partition === 0)
  return {
    name,
    id,
    partitions: partitions.length,
    leader: first?.leaderId ?? -1,
    leaderEpoch: first?.leaderEpoch ?? -1,
    replicas: first?.replicas.length ?? 0,
  }
}
