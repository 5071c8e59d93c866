import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { startKafka } from '@wal/brokers'
import type { OldWriter } from '@wal/histories'
import { type StoredMessage, systemRuntime } from '@wal/walimpls'
import { afterAll, describe, test } from 'vitest'
import { messageIds } from '../../src/records/message-id.js'
import { type FenceParts, newIdentity } from '../../src/write/fence.js'
import { RawLog } from '../raw-log.js'
import { buildOpener, scan } from '../scene.js'
import { ForeignProducer } from './foreign-producer.js'
import { type TakeoverRound, takeoverRound } from './takeover-round.js'

const ROUNDS = Number(process.env.WAL_TEST_FENCE_ROUNDS ?? 1)
const isLong = process.env.WAL_TEST_FENCE_ROUNDS !== undefined
const DAY_MS = 86_400_000
const TRANSACTIONAL_ID_MS = 1_000
const PRODUCER_ID_MS = 2_000
const CHECK_MS = 300
/** After this time a broker has forgotten a transactional id that nobody asked for, and a producer that stored nothing. */
const FORGOTTEN_MS = Math.max(TRANSACTIONAL_ID_MS, PRODUCER_ID_MS) + 3 * CHECK_MS

const kafka = await startKafka({
  config: {
    'broker.session.timeout.ms': 2000,
    'broker.heartbeat.interval.ms': 500,
    'transactional.id.expiration.ms': TRANSACTIONAL_ID_MS,
    'transaction.remove.expired.transaction.cleanup.interval.ms': CHECK_MS,
    'producer.id.expiration.ms': PRODUCER_ID_MS,
    'producer.id.expiration.check.interval.ms': CHECK_MS,
  },
})
const { address } = kafka
const raw = await RawLog.connect(address)
afterAll(async () => {
  foreign?.stop()
  await raw[Symbol.asyncDispose]()
  await kafka.stop()
})

let foreign: ForeignProducer | undefined

/** A record that a writer has stored and that was acknowledged. */
async function ackedRecord({ channel, acked }: OldWriter): Promise<StoredMessage> {
  const opener = await buildOpener({ hosts: [address] })
  try {
    const scanner = scan(await opener.openReadOnly(channel), { from: messageIds.parse(acked[0] as string) })
    const [record] = (await scanner.next()) ?? []
    return record ?? assert.fail('the writer’s first record is gone')
  } finally {
    await opener.close()
  }
}

interface Kind extends Omit<TakeoverRound, 'address' | 'raw'> {
  /** Whether the coordinator must have forgotten the transactional id. */
  readonly otherId: boolean
}

/** How the broker is made to forget the older writer, by what is said of that writer. */
const kinds: Readonly<Record<string, Kind>> = {
  'at work, and the coordinator has forgotten its transactional id': {
    otherId: true,
    before: () => sleep(FORGOTTEN_MS),
  },
  'at work beside another application’s producer, and the coordinator has forgotten its transactional id': {
    otherId: true,
    async before(older) {
      foreign = await ForeignProducer.begin(kafka, older.channel, await ackedRecord(older))
      await sleep(FORGOTTEN_MS)
      assert.ok(foreign.stored > 0, 'the other application stored nothing')
    },
    async after() {
      const late = sleep(10_000, 'not at all', { ref: false })
      // Its id was ended with that of the older writer.
      assert.equal(await Promise.race([foreign?.ended, late]), 'INVALID_PRODUCER_EPOCH')
    },
  },
  'idle for longer than the broker remembers': {
    task: { pauseAfter: 30 },
    otherId: true,
    before: () => sleep(FORGOTTEN_MS),
    after: async (older) => older.process.signal('SIGTERM'),
  },
  'stopped for longer than the broker remembers, before the takeover and after it': {
    otherId: true,
    async before(older) {
      older.process.signal('SIGSTOP')
      await sleep(FORGOTTEN_MS)
    },
    async after(older) {
      await sleep(FORGOTTEN_MS)
      older.process.signal('SIGCONT')
    },
  },
  'a day behind with its clock': {
    task: { clockBehindMs: DAY_MS },
    otherId: true,
    before: () => sleep(FORGOTTEN_MS),
  },
  'left with its last record alone by a truncation, before the broker is killed': {
    task: { pauseAfter: 30, truncates: true },
    otherId: false,
    before: () => kafka.restart(),
    after: async (older) => older.process.signal('SIGTERM'),
  },
}

describe.each(Object.entries(kinds))('an older writer that is %s', (name, kind) => {
  test(`gets nothing acknowledged behind the newer one’s first record, ${ROUNDS} times`, {
    timeout: 60_000 + 60_000 * ROUNDS,
  }, async () => {
    let storedBehind = 0
    let otherIds = 0
    for (let round = 0; round < ROUNDS; round++) {
      const verdict = await takeoverRound({ ...kind, address, raw })
      storedBehind += verdict.storedBehind
      if (verdict.otherId) otherIds++
    }
    console.log(
      `${name}: ${ROUNDS} rounds, another producer id in ${otherIds}, ${storedBehind} void records stored behind`,
    )
    if (kind.otherId) assert.equal(otherIds, ROUNDS, 'the coordinator had not forgotten the transactional id')
  })
})

// The initialisations alone take a while, so an ordinary run leaves them out.
if (isLong)
  test('an older writer whose id ran out of epochs gets nothing acknowledged behind the newer one’s first record', {
    timeout: 600_000,
  }, async () => {
    let initialisations = 0
    const verdict = await takeoverRound({
      ...{ address, raw },
      async before({ channel }) {
        const fence: FenceParts = {
          ...{ cluster: raw.cluster, runtime: systemRuntime },
          ...{ transactionalId: `wal-${channel}`, timeoutMs: 60_000 },
        }
        const { id } = await newIdentity(fence)
        const began = performance.now()
        for (let last = id; last === id; initialisations++) last = (await newIdentity(fence)).id
        console.log(
          `${initialisations} initialisations in ${Math.round((performance.now() - began) / 1000)} s`,
        )
      },
    })
    assert.ok(initialisations > 32_000, `the id lasted for ${initialisations} initialisations only`)
    assert.ok(verdict.otherId, 'the newer writer got the same producer id')
  })
