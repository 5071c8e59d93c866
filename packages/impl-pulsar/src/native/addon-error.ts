import { CallFailure, textOf } from '@wal/walimpls/helper'
import { PulsarError } from '../driver/pulsar-error.js'

/**
 * The results of the native client with which a broker, or the client before it sent anything, refused a call; each with the name
 * of the broker's own error where there is one.
 */
const REFUSALS: Readonly<Record<string, string>> = {
  UnknownError: 'UnknownError',
  BrokerMetadataError: 'MetadataError',
  BrokerPersistenceError: 'PersistenceError',
  AuthenticationError: 'AuthenticationError',
  ErrorGettingAuthenticationData: 'AuthenticationError',
  AuthorizationError: 'AuthorizationError',
  ConsumerBusy: 'ConsumerBusy',
  ServiceUnitNotReady: 'ServiceNotReady',
  ProducerBlockedQuotaExceededError: 'ProducerBlockedQuotaExceededError',
  ProducerBlockedQuotaExceededException: 'ProducerBlockedQuotaExceededException',
  ChecksumError: 'ChecksumError',
  UnsupportedVersionError: 'UnsupportedVersionError',
  TopicNotFound: 'TopicNotFound',
  SubscriptionNotFound: 'SubscriptionNotFound',
  ConsumerNotFound: 'ConsumerNotFound',
  TooManyLookupRequestException: 'TooManyRequests',
  TopicTerminated: 'TopicTerminatedError',
  ProducerBusy: 'ProducerBusy',
  InvalidTopicName: 'InvalidTopicName',
  IncompatibleSchema: 'IncompatibleSchema',
  ConsumerAssignError: 'ConsumerAssignError',
  NotAllowedError: 'NotAllowedError',
  OperationNotSupported: 'NotAllowedError',
  ProducerFenced: 'ProducerFenced',
}

/**
 * Maps an error of the native client, which has no code, only a text that ends with the name of a result: `Failed to send message:
 * ResultProducerFenced`. A name that is not known says nothing about what the broker has done.
 */
export function addonError(error: unknown): Error {
  const text = textOf(error)
  const result = /(?:^|: )(?:Result)?([A-Za-z]+)$/.exec(text)?.[1] ?? ''
  const code = Object.hasOwn(REFUSALS, result) ? REFUSALS[result] : undefined
  return code === undefined
    ? new CallFailure(text || 'the native client failed')
    : new PulsarError(code, text)
}
