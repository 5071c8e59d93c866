import { WireReader } from './wire-reader.js'
import { WireWriter } from './wire-writer.js'

/** A request of Kafka's protocol, at one version, and how its answer is decoded. */
export interface KafkaRequest<A> {
  /** The request's name in Kafka's protocol, for errors. */
  readonly name: string
  /** The API key. */
  readonly key: number
  readonly version: number
  /**
   * Whether the version is a flexible one. Then the request has header version 2, the answer header version 1, and both have
   * tagged fields.
   */
  readonly flexible: boolean
  /** Writes the body, without header. May be called again, and writes the same then. */
  encode(to: WireWriter): void
  /** Reads the body, without header. Throws `MalformedAnswer`. */
  decode(from: WireReader): A
}

/** How many bytes the size takes that stands in front of every request and answer. */
export const SIZE_BYTES = 4

/**
 * A request as it goes over the connection: its size, its header, its body. A list of buffers, for `writev`, since record
 * batches in it are not copied. `clientId` is the name under which brokers count and log this client; at most 32,767 bytes.
 */
export function requestFrame<A>(request: KafkaRequest<A>, correlationId: number, clientId: string): Buffer[] {
  const to = new WireWriter()
  to.int32(0)
  to.int16(request.key)
  to.int16(request.version)
  to.int32(correlationId)
  to.nullableString(clientId)
  if (request.flexible) to.noTags()
  request.encode(to)
  const size = to.length - SIZE_BYTES
  const parts = to.finish()
  parts[0]?.writeInt32BE(size, 0)
  return parts
}

/**
 * The correlation id of an answer: of which request it is the answer. `frame` is the answer without the size in front. Throws
 * `MalformedAnswer`.
 */
export function correlationIdOf(frame: Buffer): number {
  return new WireReader(frame, 'An answer').int32()
}

/** Decodes the answer to a request. `frame` is the answer without the size in front. Throws `MalformedAnswer`. */
export function bodyOf<A>(request: KafkaRequest<A>, frame: Buffer): A {
  const from = new WireReader(frame, `The answer to ${request.name}`)
  from.int32()
  if (request.flexible) from.tags()
  const answer = request.decode(from)
  from.finish()
  return answer
}
