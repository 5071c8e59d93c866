import { CallFailure } from '@wal/walimpls/helper'
import { errorName } from '../protocol/error-codes.js'

/** An error that a broker answered, by the name that Kafka's protocol gives it. */
export class KafkaError extends Error {
  override readonly name = 'KafkaError'
  /** The error's name in the protocol, such as `NOT_LEADER_OR_FOLLOWER`. */
  readonly code: string

  constructor(number: number, said?: string | null) {
    const code = errorName(number)
    super(said ? `${code}: ${said}` : code)
    this.code = code
  }
}

/** Throws a `KafkaError` unless the number says that there was no error. */
export function throwOnError(number: number, said?: string | null): void {
  if (number !== 0) throw new KafkaError(number, said)
}

/** Whether this is a broker's error with one of these names. */
export function isKafkaError(error: unknown, ...codes: readonly string[]): error is KafkaError {
  return error instanceof KafkaError && codes.includes(error.code)
}

/** What an answer says about a topic. Throws when it says nothing: a broker has to answer about every topic that was asked for. */
export function toldAbout<T>(topic: string, said: T | undefined): T {
  if (said === undefined) throw new CallFailure(`the answer leaves out the topic ${topic}`)
  return said
}
