import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { startKafka } from '@wal/brokers'
import { afterAll, test } from 'vitest'
import { RawLog } from '../raw-log.js'
import { takeoverRound } from './takeover-round.js'

const ROUNDS = Number(process.env.WAL_TEST_TAKEOVERS ?? 3)
/** Within this time the loops of the older writer have sent all that they send without an answer, in milliseconds. */
const SENDING_MS = 100

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
  let inFlight = 0
  let heldBack = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { storedBehind } = await takeoverRound({
      ...{ address, raw },
      async before(older) {
        // What the writer sends from now on waits before the broker. Connections that are made later pass.
        proxy.injectOnce({ kind: 'black-hole' })
        const { bytesToServer } = proxy.counters
        await sleep(SENDING_MS)
        older.process.signal('SIGSTOP')
        assert.ok(older.inFlight > 0, 'no append was in flight when the writer was stopped')
        inFlight += older.inFlight
        heldBack += proxy.counters.bytesToServer - bytesToServer
      },
      async after(older) {
        // The batches reach the broker while their writer is still stopped.
        proxy.heal()
        await sleep(SENDING_MS)
        older.process.signal('SIGCONT')
      },
    })
    assert.equal(storedBehind, 0)
  }
  assert.ok(heldBack > 0, 'nothing waited before the broker')
  console.log(
    `${ROUNDS} takeovers: ${inFlight} appends were in flight, and ${heldBack} bytes waited before the broker`,
  )
})
