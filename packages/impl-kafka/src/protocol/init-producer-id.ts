import type { KafkaRequest } from './request.js'

export const INIT_PRODUCER_ID_KEY = 22
/** Kafka 2.7 and later. The first version that tells `PRODUCER_FENCED` from `INVALID_PRODUCER_EPOCH`. */
export const INIT_PRODUCER_ID_VERSION = 4

export interface InitProducerIdOptions {
  readonly transactionalId: string
  /** After this time the coordinator aborts a transaction that is left open, in milliseconds. This package opens none. */
  readonly transactionTimeoutMs: number
}

export interface InitProducerIdAnswer {
  /** How long the broker held or will hold this client's requests back because of a quota, in milliseconds. */
  readonly throttleMs: number
  /** An error code of the protocol, 0 for none. */
  readonly errorCode: number
  /** −1 with an error. */
  readonly producerId: bigint
  /** One higher with each request for the same transactional id; −1 with an error. */
  readonly producerEpoch: number
}

/**
 * Asks the coordinator of a transactional id for the producer id and a new epoch. No expected epoch is sent: two openers that
 * expect the same one get the same new one, and batches of the second are acknowledged but not stored.
 */
export function initProducerIdRequest(options: InitProducerIdOptions): KafkaRequest<InitProducerIdAnswer> {
  return {
    name: 'InitProducerId',
    key: INIT_PRODUCER_ID_KEY,
    version: INIT_PRODUCER_ID_VERSION,
    flexible: true,
    encode(to) {
      to.compactNullableString(options.transactionalId)
      to.int32(options.transactionTimeoutMs)
      // No expected producer id and epoch.
      to.int64(-1)
      to.int16(-1)
      to.noTags()
    },
    decode(from) {
      const answer = {
        throttleMs: from.int32(),
        errorCode: from.int16(),
        producerId: from.int64(),
        producerEpoch: from.int16(),
      }
      from.tags()
      return answer
    },
  }
}
