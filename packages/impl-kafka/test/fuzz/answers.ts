import { describeProducersRequest } from '../../src/protocol/describe-producers.js'
import { fetchRequest, NO_FETCH_SESSION } from '../../src/protocol/fetch.js'
import { findCoordinatorRequest } from '../../src/protocol/find-coordinator.js'
import { initProducerIdRequest } from '../../src/protocol/init-producer-id.js'
import { listOffsetsRequest } from '../../src/protocol/list-offsets.js'
import { metadataRequest } from '../../src/protocol/metadata.js'
import { leaderEpochRequest } from '../../src/protocol/offset-for-leader-epoch.js'
import { produceRequest } from '../../src/protocol/produce.js'
import type { KafkaRequest } from '../../src/protocol/request.js'

/** A request, and an answer to it, from the correlation id on. */
export interface SampleAnswer {
  readonly request: KafkaRequest<unknown>
  readonly frame: Buffer
}

const sample = (request: KafkaRequest<unknown>, ...fields: string[]): SampleAnswer => ({
  request,
  frame: Buffer.from(['00000007', '00', ...fields].join('').replaceAll(' ', ''), 'hex'),
})

const ORDERS = '07 6f7264657273'
const EVENTS = '07 6576656e7473'
const ID = '00112233445566778899aabbccddeeff'
const MINUS_ONE = 'ffffffffffffffff'

const partitionMetadata = '02 0000 00000000 00000001 00000009 03 00000001 00000002 02 00000001 02 00000002 00'
const produced = `02 00000000 0000 0000000000000010 ${MINUS_ONE} 0000000000000002 01 00 00 00`
const refused = `02 00000000 0006 ${MINUS_ONE} ${MINUS_ONE} ${MINUS_ONE} 02 00000001 04626164 00 04626164 01 00 09 00000002 0000000a 00 00`
const fetched =
  '02 00000000 0000 0000000000000010 000000000000000f 0000000000000002 02 0000000000000005 0000000000000003 00 ffffffff 04 010203 02 00 0d 00000004 0000000000000008 00 01 09 00000002 00000005 00 00'
const producer = '0000000000000007 00000001 00000005 0000018bcfe56800 ffffffff ffffffffffffffff 00'

/** Answers with everything in them that an answer may have. */
export const ANSWERS: readonly SampleAnswer[] = [
  sample(
    metadataRequest(['orders', 'events']),
    '00000005 03 00000001 0a 6c6f63616c686f7374 00002384 00 00 00000002 02 68 00002385 02 72 00',
    '02 63 00000001 03',
    `0000 ${ORDERS} ${ID} 00 ${partitionMetadata} 80000000 00`,
    `0003 ${EVENTS} ${'00'.repeat(16)} 01 01 80000000 00 00`,
  ),
  sample(
    produceRequest({ version: 10, timeoutMs: 1, batches: [] }),
    `03 ${ORDERS} ${produced} ${EVENTS} ${refused} 00000003`,
    '01 00 0d 02 00000002 0268 00002384 00 00',
  ),
  sample(produceRequest({ version: 13, timeoutMs: 1, batches: [] }), `02 ${ID} ${produced} 00000003 00`),
  sample(
    fetchRequest({
      ...NO_FETCH_SESSION,
      maxWaitMs: 1,
      minBytes: 1,
      maxBytes: 1,
      isolation: 'committed',
      topics: [],
      forgotten: [],
    }),
    `00000000 0000 00000009 03 ${ID} ${fetched} ${ID} ${fetched} 00`,
  ),
  sample(
    listOffsetsRequest({ isolation: 'committed', topics: [] }),
    `00000000 02 ${ORDERS} 02 00000000 0000 ${MINUS_ONE} 0000000000000011 00000003 00 00 00`,
  ),
  sample(
    initProducerIdRequest({ transactionalId: 'a', transactionTimeoutMs: 1 }),
    '00000000 0000 0000000000000fa0 0003 00',
  ),
  sample(
    findCoordinatorRequest(['orders']),
    `00000000 03 ${ORDERS} 00000001 0268 00002384 0000 00 00 ${EVENTS} ffffffff 01 ffffffff 000f 026e 00 00`,
  ),
  sample(
    describeProducersRequest(['orders']),
    `00000000 02 ${ORDERS} 02 00000000 0000 00 03 ${producer} ${producer} 00 00 00`,
  ),
  sample(leaderEpochRequest([]), `00000000 02 ${ORDERS} 02 0000 00000000 00000004 0000000000000009 00 00 00`),
]
