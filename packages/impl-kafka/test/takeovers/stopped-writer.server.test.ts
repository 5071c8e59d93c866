import assert from 'node:assert/strict'
import { startKafka } from '@wal/brokers'
import { StoppedWriter } from '@wal/histories'
import { afterAll, test } from 'vitest'
import { RawLog } from '../raw-log.js'
import { takeoverRound } from './takeover-round.js'

const ROUNDS = Number(process.env.WAL_TEST_TAKEOVERS ?? 3)

const kafka = await startKafka({ proxy: true })
const { address, proxy } = kafka
const raw = await RawLog.connect(address)
afterAll(async () => {
  await raw[Symbol.asyncDispose]()
  await kafka.stop()
})

test(`nothing of an older writer that was stopped with batches in its socket is stored behind the newer one’s first record, ${ROUNDS} times`, {
  timeout: 60_000 + 30_000 * ROUNDS,
}, async () => {
  const stopped = new StoppedWriter(proxy)
  for (let round = 0; round < ROUNDS; round++) {
    const { storedBehind } = await takeoverRound({
      ...{ address, raw },
      before: (older) => stopped.stop(older),
      after: (older) => stopped.goOn(older),
    })
    assert.equal(storedBehind, 0)
  }
  console.log(`${ROUNDS} takeovers: ${stopped.summary()}`)
})
