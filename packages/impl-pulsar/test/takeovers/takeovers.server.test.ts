import assert from 'node:assert/strict'
import { startPulsar } from '@wal/brokers'
import { type AppendResult, openWal } from '@wal/core'
import { StoppedWriter } from '@wal/histories'
import { afterAll, expect, test } from 'vitest'
import { pulsarBuilder } from '../../src/builder.js'
import { withDriver } from '../driver-under-test.js'
import { RawLog } from '../raw-log.js'
import { takeoverRound } from './takeover-round.js'

const ROUNDS = Number(process.env.WAL_TEST_TAKEOVERS ?? 3)
const APPENDING_LOOPS = 8

const pulsar = await startPulsar({ proxy: true })
const { proxy } = pulsar
const options = withDriver({ hosts: [`${pulsar.host}:${pulsar.port}`] })
const raw = await RawLog.connect(options)
afterAll(async () => {
  await raw[Symbol.asyncDispose]()
  await pulsar.stop()
})

test(`nothing of an older writer that was stopped with sends in its socket is stored behind the newer one’s first record, and the newer one’s appends succeed, ${ROUNDS} times`, {
  timeout: 60_000 + 60_000 * ROUNDS,
}, async () => {
  const stopped = new StoppedWriter(proxy)
  for (let round = 0; round < ROUNDS; round++) {
    const storedBehind = await takeoverRound({
      ...{ options, raw },
      before: (older) => stopped.stop(older),
      after: (older) => stopped.goOn(older),
    })
    assert.equal(storedBehind, 0)
  }
  console.log(`${ROUNDS} takeovers: ${stopped.summary()}`)
})

test(`opens at a lower term are WAL_FENCED and disturb no append of the live writer, ${ROUNDS} times`, {
  timeout: 60_000 + 20_000 * ROUNDS,
}, async () => {
  const open = { builder: pulsarBuilder, backend: { ...options }, channel: 'lower-terms' }
  await using wal = await openWal('pulsar:', { ...open, term: 5 })
  let ended = false
  const results: AppendResult[] = []
  const loop = async () => {
    while (!ended) results.push(await wal.append({ payload: Buffer.from('an order') }))
  }
  const appending = Promise.all(Array.from({ length: APPENDING_LOOPS }, loop))
  for (let round = 0; round < ROUNDS; round++) {
    const before = results.length
    await expect(openWal('pulsar:', { ...open, term: 1 + (round % 4) })).rejects.toMatchObject({
      code: 'WAL_FENCED',
    })
    await expect.poll(() => results.length, { timeout: 10_000 }).toBeGreaterThan(before)
  }
  ended = true
  await appending
  expect(wal.signal.aborted).toBe(false)
  console.log(`${ROUNDS} opens at a lower term: ${results.length} appends succeeded meanwhile`)
})
