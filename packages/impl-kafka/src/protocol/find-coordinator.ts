import type { BrokerEndpoint } from './metadata.js'
import type { KafkaRequest } from './request.js'

export const FIND_COORDINATOR_KEY = 10
/** Kafka 3.0 and later. Several ids in one request. */
export const FIND_COORDINATOR_VERSION = 4

/** The kind of coordinator: of transactions, not of consumer groups. */
const TRANSACTION = 1

export interface CoordinatorResult extends BrokerEndpoint {
  readonly transactionalId: string
  /** An error code of the protocol, 0 for none. With an error `nodeId` and `port` are −1. */
  readonly errorCode: number
  readonly errorMessage: string | null
}

export interface FindCoordinatorAnswer {
  /** How long the broker held or will hold this client's requests back because of a quota, in milliseconds. */
  readonly throttleMs: number
  readonly results: readonly CoordinatorResult[]
}

/** Asks any broker which brokers coordinate these transactional ids. */
export function findCoordinatorRequest(
  transactionalIds: readonly string[],
): KafkaRequest<FindCoordinatorAnswer> {
  return {
    name: 'FindCoordinator',
    key: FIND_COORDINATOR_KEY,
    version: FIND_COORDINATOR_VERSION,
    flexible: true,
    encode(to) {
      to.int8(TRANSACTION)
      to.compactArray(transactionalIds, (id) => to.compactString(id))
      to.noTags()
    },
    decode(from) {
      const throttleMs = from.int32()
      const results = from.compactArray(14, () => {
        const result = {
          transactionalId: from.compactString(),
          nodeId: from.int32(),
          host: from.compactString(),
          port: from.int32(),
          errorCode: from.int16(),
          errorMessage: from.compactNullableString(),
        }
        from.tags()
        return result
      })
      from.tags()
      return { throttleMs, results }
    },
  }
}
