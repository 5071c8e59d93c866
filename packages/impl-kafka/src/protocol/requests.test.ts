import { describe, expect, test } from 'vitest'
import { describeProducersRequest } from './describe-producers.js'
import { errorName, KAFKA_ERRORS } from './error-codes.js'
import { fetchRequest, NEW_FETCH_SESSION, NO_FETCH_SESSION } from './fetch.js'
import { findCoordinatorRequest } from './find-coordinator.js'
import { initProducerIdRequest } from './init-producer-id.js'
import { listOffsetsRequest } from './list-offsets.js'
import { MalformedAnswer } from './malformed-answer.js'
import { metadataRequest } from './metadata.js'
import { leaderEpochRequest } from './offset-for-leader-epoch.js'
import { produceRequest, produceVersion } from './produce.js'
import { bodyOf, correlationIdOf, type KafkaRequest, requestFrame } from './request.js'

// The bytes are made by hand, after the description of the messages in Kafka's sources. Spaces are for readers.
const bytes = (...fields: string[]) => Buffer.from(fields.join('').replaceAll(' ', ''), 'hex')
const body = (request: KafkaRequest<unknown>) => {
  const frame = Buffer.concat(requestFrame(request, 7, 'me'))
  expect(frame.readInt32BE(0)).toBe(frame.length - 4)
  // Key, version, correlation id 7, client id "me", no tagged fields.
  expect(frame.readInt16BE(4)).toBe(request.key)
  expect(frame.readInt16BE(6)).toBe(request.version)
  expect(frame.subarray(8, 17)).toEqual(bytes('00000007 0002 6d65 00'))
  return frame.subarray(17).toString('hex')
}
const answer = <A>(request: KafkaRequest<A>, ...fields: string[]) =>
  bodyOf(request, bytes('00000007 00', ...fields))

const ORDERS = '07 6f7264657273'
const ID = '00112233445566778899aabbccddeeff'

describe('Metadata', () => {
  test('asks for topics by name, and creates none', () => {
    expect(body(metadataRequest(['orders']))).toBe(
      bytes('02', '00'.repeat(16), ORDERS, '00', '00 00 00').toString('hex'),
    )
  })
  test('asks for all topics, or for none', () => {
    expect(body(metadataRequest('all'))).toBe('00000000')
    expect(body(metadataRequest([]))).toBe('01000000')
  })
  test('answers brokers, topics and partitions', () => {
    expect(
      answer(
        metadataRequest(['orders']),
        '00000005',
        '02 00000001 0a 6c6f63616c686f7374 00002384 00 00',
        '02 63 00000001',
        '02 0000',
        ORDERS,
        ID,
        '00',
        '02 0000 00000000 00000001 00000009 03 00000001 00000002 02 00000001 01 00',
        '80000000 00',
        '00',
      ),
    ).toEqual({
      throttleMs: 5,
      brokers: [{ nodeId: 1, host: 'localhost', port: 9092 }],
      clusterId: 'c',
      controllerId: 1,
      topics: [
        {
          errorCode: 0,
          name: 'orders',
          topicId: ID,
          internal: false,
          partitions: [
            { errorCode: 0, partition: 0, leaderId: 1, leaderEpoch: 9, replicas: [1, 2], inSync: [1] },
          ],
        },
      ],
    })
  })
})

describe('Produce', () => {
  const batches = [{ topic: 'orders', topicId: ID, batch: Buffer.of(1, 2, 3) }]
  const request = produceRequest({ version: 10, timeoutMs: 1000, batches })

  test('sends a batch for partition 0 of each topic, by name or by id', () => {
    const rest = '02 00000000 04010203 00 00 00'
    expect(body(request)).toBe(bytes('00 ffff 000003e8 02', ORDERS, rest).toString('hex'))
    expect(body(produceRequest({ version: 13, timeoutMs: 1000, batches }))).toBe(
      bytes('00 ffff 000003e8 02', ID, rest).toString('hex'),
    )
  })
  test('does not copy the batch', () => {
    expect(requestFrame(request, 1, 'me')).toContain(batches[0]?.batch)
  })
  test('answers the place of the batch', () => {
    expect(
      answer(
        request,
        '02',
        ORDERS,
        '02 00000000 0000 0000000000000010 0000018bcfe56800 0000000000000002 01 00 00',
        '00',
        '00000000 00',
      ),
    ).toEqual({
      throttleMs: 0,
      leaders: [],
      results: [
        {
          topic: 'orders',
          errorCode: 0,
          errorMessage: null,
          baseOffset: 16,
          logAppendTime: 1_700_000_000_000,
          logStartOffset: 2,
          recordErrors: [],
          currentLeader: undefined,
        },
      ],
    })
  })
  test('answers what was refused, and who leads now', () => {
    const minus = 'ffffffffffffffff'
    const { results, leaders } = answer(
      request,
      '02',
      ORDERS,
      `02 00000000 0006 ${minus} ${minus} ${minus} 02 00000001 04626164 00 04626164`,
      '01 00 09 00000002 0000000a 00',
      '00',
      '00000003',
      '01 00 0d 02 00000002 0268 00002384 00 00',
    )
    expect(results).toEqual([
      expect.objectContaining({
        errorCode: 6,
        errorMessage: 'bad',
        baseOffset: -1,
        recordErrors: [{ index: 1, message: 'bad' }],
        currentLeader: { leaderId: 2, leaderEpoch: 10 },
      }),
    ])
    expect(leaders).toEqual([{ nodeId: 2, host: 'h', port: 9092 }])
  })
  test.each([
    [8, undefined],
    [9, 9],
    [10, 10],
    [12, 10],
    [13, 13],
    [20, 13],
  ])('a broker with version %i gets version %s', (highest, version) => {
    expect(produceVersion(highest)).toBe(version)
  })
  test('an answer about another partition is malformed', () => {
    expect(() => answer(request, '02', ORDERS, '02 00000001', '00'.repeat(32))).toThrow(/partition 1/)
  })
})

describe('Fetch', () => {
  const topic = { topicId: ID, currentLeaderEpoch: 3, offset: 2 ** 40, lastFetchedEpoch: -1, maxBytes: 1000 }
  const request = fetchRequest({
    ...NO_FETCH_SESSION,
    maxWaitMs: 500,
    minBytes: 1,
    maxBytes: 65536,
    isolation: 'committed',
    topics: [topic],
    forgotten: [],
  })
  test('asks for partition 0 of topics by id', () => {
    expect(body(request)).toBe(
      bytes(
        'ffffffff 000001f4 00000001 00010000 01 00000000 ffffffff',
        '02',
        ID,
        '02 00000000 00000003 0000010000000000 ffffffff ffffffffffffffff 000003e8 00 00',
        '01 01 00',
      ).toString('hex'),
    )
  })
  test('begins a session, and lets topics leave it', () => {
    const options = { maxWaitMs: 0, minBytes: 0, maxBytes: 0, isolation: 'uncommitted', topics: [] } as const
    expect(body(fetchRequest({ ...NEW_FETCH_SESSION, ...options, forgotten: [ID] }))).toBe(
      bytes(
        'ffffffff 00000000 00000000 00000000 00 00000000 00000000',
        '01 02',
        ID,
        '02 00000000 00 01 00',
      ).toString('hex'),
    )
  })
  test('answers records, aborted transactions and where the log is another one', () => {
    expect(
      answer(
        request,
        '00000000 0000 00000009 02',
        ID,
        '02 00000000 0000 0000000000000010 000000000000000f 0000000000000002',
        '02 0000000000000005 0000000000000003 00',
        'ffffffff 04 010203',
        '02 00 0d 00000004 0000000000000008 00 01 09 00000002 00000005 00',
        '00 00',
      ),
    ).toEqual({
      throttleMs: 0,
      errorCode: 0,
      sessionId: 9,
      results: [
        {
          topicId: ID,
          errorCode: 0,
          highWatermark: 16,
          lastStableOffset: 15,
          logStartOffset: 2,
          divergingEpoch: { epoch: 4, endOffset: 8 },
          currentLeader: { leaderId: 2, leaderEpoch: 5 },
          aborted: [{ producerId: 5n, firstOffset: 3 }],
          preferredReplica: -1,
          records: Buffer.of(1, 2, 3),
        },
      ],
    })
  })
})

test('ListOffsets asks where logs begin and end', () => {
  const request = listOffsetsRequest({
    isolation: 'committed',
    topics: [{ topic: 'orders', currentLeaderEpoch: -1, place: 'latest' }],
  })
  expect(body(request)).toBe(
    bytes('ffffffff 01 02', ORDERS, '02 00000000 ffffffff ffffffffffffffff 00 00 00').toString('hex'),
  )
  const earliest = listOffsetsRequest({
    isolation: 'uncommitted',
    topics: [{ topic: 'orders', currentLeaderEpoch: 4, place: 'earliest' }],
  })
  expect(body(earliest)).toBe(
    bytes('ffffffff 00 02', ORDERS, '02 00000000 00000004 fffffffffffffffe 00 00 00').toString('hex'),
  )
  const partition = '02 00000000 0000 ffffffffffffffff 0000000000000011 00000003 00'
  expect(answer(request, '00000000 02', ORDERS, partition, '00 00')).toEqual({
    throttleMs: 0,
    results: [{ topic: 'orders', errorCode: 0, offset: 17, leaderEpoch: 3 }],
  })
})

test('InitProducerId expects no producer id and no epoch', () => {
  const request = initProducerIdRequest({ transactionalId: 'orders', transactionTimeoutMs: 1000 })
  expect(body(request)).toBe(bytes(ORDERS, '000003e8 ffffffffffffffff ffff 00').toString('hex'))
  expect(answer(request, '00000000 0000 7fffffffffffffff 7fff 00')).toEqual({
    throttleMs: 0,
    errorCode: 0,
    producerId: 2n ** 63n - 1n,
    producerEpoch: 32_767,
  })
})

test('FindCoordinator asks for coordinators of transactions', () => {
  const request = findCoordinatorRequest(['orders'])
  expect(body(request)).toBe(bytes('01 02', ORDERS, '00').toString('hex'))
  expect(answer(request, '00000000 02', ORDERS, '00000001 0268 00002384 0000 00 00 00')).toEqual({
    throttleMs: 0,
    results: [
      { transactionalId: 'orders', nodeId: 1, host: 'h', port: 9092, errorCode: 0, errorMessage: null },
    ],
  })
})

test('DescribeProducers answers the producers that a partition remembers', () => {
  const request = describeProducersRequest(['orders'])
  expect(body(request)).toBe(bytes('02', ORDERS, '02 00000000 00 00').toString('hex'))
  expect(
    answer(
      request,
      '00000000 02',
      ORDERS,
      '02 00000000 0000 00 02',
      '0000000000000007 00000001 00000005 0000018bcfe56800 ffffffff ffffffffffffffff 00',
      '00 00 00',
    ),
  ).toEqual({
    throttleMs: 0,
    results: [
      {
        topic: 'orders',
        errorCode: 0,
        errorMessage: null,
        producers: [
          {
            producerId: 7n,
            producerEpoch: 1,
            lastSequence: 5,
            lastTimestamp: 1_700_000_000_000,
            transactionStartOffset: -1,
          },
        ],
      },
    ],
  })
})

test('OffsetForLeaderEpoch answers where an epoch ended', () => {
  const request = leaderEpochRequest([{ topic: 'orders', currentLeaderEpoch: 5, leaderEpoch: 4 }])
  expect(body(request)).toBe(
    bytes('ffffffff 02', ORDERS, '02 00000000 00000005 00000004 00 00 00').toString('hex'),
  )
  expect(
    answer(request, '00000000 02', ORDERS, '02 0000 00000000 00000004 0000000000000009 00 00 00'),
  ).toEqual({
    throttleMs: 0,
    results: [{ topic: 'orders', errorCode: 0, leaderEpoch: 4, endOffset: 9 }],
  })
})

test('a request and an answer that are not flexible have no tagged fields in their headers', () => {
  const request: KafkaRequest<number> = {
    name: 'Test',
    key: 1,
    version: 2,
    flexible: false,
    encode: (to) => to.int8(9),
    decode: (from) => from.int8(),
  }
  expect(Buffer.concat(requestFrame(request, 7, 'me'))).toEqual(
    bytes('0000000d 0001 0002 00000007 0002 6d65 09'),
  )
  expect(bodyOf(request, bytes('00000007 05'))).toBe(5)
  expect(correlationIdOf(bytes('00000007 05'))).toBe(7)
})

test('an answer with bytes behind its end, or too few, names the request', () => {
  const request = initProducerIdRequest({ transactionalId: 'a', transactionTimeoutMs: 1 })
  for (const wrong of ['00', '00000000 0000 0000000000000001 0001 00 00']) {
    expect(() => answer(request, wrong)).toThrow(MalformedAnswer)
    expect(() => answer(request, wrong)).toThrow(/^The answer to InitProducerId can't be decoded/)
  }
  expect(() => correlationIdOf(Buffer.of(1))).toThrow(MalformedAnswer)
})

test('an error code has a name, also one of a later Kafka', () => {
  expect(errorName(KAFKA_ERRORS.NOT_LEADER_OR_FOLLOWER)).toBe('NOT_LEADER_OR_FOLLOWER')
  expect(errorName(-1)).toBe('UNKNOWN_SERVER_ERROR')
  expect(errorName(47)).toBe('INVALID_PRODUCER_EPOCH')
  expect(errorName(9999)).toBe('UNKNOWN_CODE_9999')
})
