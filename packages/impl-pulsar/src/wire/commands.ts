import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import {
  boolean,
  bytes,
  type Fields,
  int,
  long,
  type Message,
  message,
  optional,
  readFields,
  repeated,
  text,
  type Writable,
  writeFields,
} from './fields.js'
import { MalformedFrame } from './malformed-frame.js'

/** A position in a topic. Both numbers are −1 in the position before the first entry. */
const place = {
  ledger: long(1),
  entry: long(2),
  partition: optional(int(3)),
  batchIndex: optional(int(4)),
}

const authData = { method: optional(text(1)), data: optional(bytes(2)) }

const features = {
  authRefresh: optional(boolean(1)),
  brokerEntryMetadata: optional(boolean(2)),
  /** The broker answers `partitionedMetadata` without making the topic when asked so. */
  metadataWithoutCreation: optional(boolean(5)),
}

const refusal = { error: optional(int(4)), message: optional(text(5)) }

/** The commands that a client sends. The number of a command is its type, and the number of its field in the frame. */
export const requests = {
  connect: {
    type: 2,
    fields: {
      clientVersion: text(1),
      authData: optional(bytes(3)),
      protocolVersion: int(4),
      authMethod: optional(text(5)),
      /** Asks a proxy to connect to this broker: `host:port`. */
      proxyTo: optional(text(6)),
      features: message(10, features),
    },
  },
  subscribe: {
    type: 4,
    fields: {
      topic: text(1),
      subscription: text(2),
      /** 0: one consumer at a time. 2: several, of which one gets the messages (failover). */
      kind: int(3),
      consumerId: long(4),
      requestId: long(5),
      durable: boolean(8),
      start: optional(message(9, place)),
      readCompacted: boolean(11),
      /** Where a new durable subscription begins. 0: latest, 1: earliest. */
      initialPosition: int(13),
      makeTopic: boolean(15),
    },
  },
  producer: {
    type: 5,
    fields: {
      topic: text(1),
      producerId: long(2),
      requestId: long(3),
      name: text(4),
      nameIsOurs: boolean(9),
      /** 1: exclusive. 3: exclusive, and ends every other producer (fencing). */
      access: int(10),
      topicEpoch: optional(long(11)),
    },
  },
  send: { type: 6, fields: { producerId: long(1), sequence: long(2), count: int(3) } },
  ack: {
    type: 10,
    fields: {
      consumerId: long(1),
      /** 1: everything up to and with the place (cumulative). */
      kind: int(2),
      places: repeated(message(3, place)),
      requestId: long(8),
    },
  },
  flow: { type: 11, fields: { consumerId: long(1), permits: int(2) } },
  closeProducer: { type: 15, fields: { producerId: long(1), requestId: long(2) } },
  closeConsumer: { type: 16, fields: { consumerId: long(1), requestId: long(2) } },
  ping: { type: 18, fields: {} },
  pong: { type: 19, fields: {} },
  partitionedMetadata: {
    type: 21,
    fields: { topic: text(1), requestId: long(2), mayCreate: boolean(6) },
  },
  lookup: { type: 23, fields: { topic: text(1), requestId: long(2), authoritative: boolean(3) } },
  lastMessageId: { type: 29, fields: { consumerId: long(1), requestId: long(2) } },
  topicsOfNamespace: {
    type: 32,
    /** `mode` 0: the persistent topics. */
    fields: { requestId: long(1), namespace: text(2), mode: int(3) },
  },
  authResponse: {
    type: 37,
    fields: { clientVersion: text(1), response: message(2, authData), protocolVersion: int(3) },
  },
} as const

/** The commands that a broker sends. */
export const answers = {
  connected: {
    type: 3,
    fields: {
      serverVersion: text(1),
      protocolVersion: optional(int(2)),
      maxMessageBytes: optional(int(3)),
      features: optional(message(4, features)),
    },
  },
  sendReceipt: {
    type: 7,
    fields: { producerId: long(1), sequence: long(2), place: optional(message(3, place)) },
  },
  sendError: {
    type: 8,
    fields: { producerId: long(1), sequence: long(2), error: int(3), message: text(4) },
  },
  message: { type: 9, fields: { consumerId: long(1), place: message(2, place) } },
  success: { type: 13, fields: { requestId: long(1) } },
  error: { type: 14, fields: { requestId: long(1), error: int(2), message: text(3) } },
  producerClosed: {
    type: 15,
    fields: { producerId: long(1), url: optional(text(3)), urlTls: optional(text(4)) },
  },
  consumerClosed: {
    type: 16,
    fields: { consumerId: long(1), url: optional(text(3)), urlTls: optional(text(4)) },
  },
  producerSuccess: {
    type: 17,
    fields: {
      requestId: long(1),
      name: text(2),
      lastSequence: optional(long(3)),
      topicEpoch: optional(long(5)),
      /** False: the producer waits for others to leave, and a second answer follows. */
      ready: optional(boolean(6)),
    },
  },
  ping: { type: 18, fields: {} },
  pong: { type: 19, fields: {} },
  partitionedMetadataResponse: {
    type: 22,
    fields: {
      partitions: optional(int(1)),
      requestId: long(2),
      /** 0: success, 1: failed. */
      outcome: optional(int(3)),
      ...refusal,
    },
  },
  lookupResponse: {
    type: 24,
    fields: {
      url: optional(text(1)),
      urlTls: optional(text(2)),
      /** 0: ask the named broker, 1: connect to the named broker, 2: failed. */
      outcome: optional(int(3)),
      requestId: long(4),
      authoritative: optional(boolean(5)),
      error: optional(int(6)),
      message: optional(text(7)),
      throughProxy: optional(boolean(8)),
    },
  },
  lastMessageIdResponse: {
    type: 30,
    fields: { last: message(1, place), requestId: long(2), markDeleted: optional(message(3, place)) },
  },
  topicsOfNamespaceResponse: { type: 33, fields: { requestId: long(1), topics: repeated(text(2)) } },
  authChallenge: { type: 36, fields: { challenge: optional(message(2, authData)) } },
  ackResponse: { type: 38, fields: { consumerId: long(1), requestId: optional(long(6)), ...refusal } },
} as const

type Requests = typeof requests
type Answers = typeof answers
export type RequestName = keyof Requests
export type AnswerName = keyof Answers
export type Request<N extends RequestName> = Writable<Requests[N]['fields']>
export type Answer<N extends AnswerName> = Message<Answers[N]['fields']>
/** Any command of a broker. */
export type Received = { [N in AnswerName]: { readonly name: N; readonly value: Answer<N> } }[AnswerName]

/** The bytes of a command, as they stand in a frame. */
export function encodeCommand<N extends RequestName>(name: N, value: Request<N>): Uint8Array {
  const { type, fields } = requests[name]
  const to = new BinaryWriter().tag(1, WireType.Varint).int32(type)
  to.tag(type, WireType.LengthDelimited).fork()
  return writeFields(to, fields, value as never)
    .join()
    .finish()
}

const byType: ReadonlyMap<number, { readonly name: string; readonly fields: Fields }> = new Map(
  Object.entries(answers).map(([name, { type, fields }]) => [type, { name, fields }]),
)

/**
 * Reads a broker's command; undefined when it is of a type that we do not use. Throws a `MalformedFrame` when the bytes are no
 * command.
 */
export function decodeCommand(bytes: Uint8Array): Received | undefined {
  try {
    const { type, contents } = baseOf(bytes)
    const known = byType.get(type)
    if (known === undefined) return undefined
    const content = contents.get(type)
    if (content === undefined) throw new MalformedFrame(`a command "${known.name}" has no content`)
    return { name: known.name, value: readFields(content, known.fields) } as Received
  } catch (error) {
    if (error instanceof MalformedFrame) throw error
    throw new MalformedFrame(`a command cannot be read: ${(error as Error).message}`)
  }
}

function baseOf(bytes: Uint8Array): { type: number; contents: Map<number, Uint8Array> } {
  const reader = new BinaryReader(bytes)
  const contents = new Map<number, Uint8Array>()
  let type: number | undefined
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    if (number === 1 && wire === WireType.Varint) type = reader.int32()
    else if (wire === WireType.LengthDelimited) contents.set(number, reader.bytes())
    else reader.skip(wire, number)
  }
  if (type === undefined) throw new MalformedFrame('a command has no type')
  return { type, contents }
}
