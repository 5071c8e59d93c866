import { disturbThrough, startPulsar } from '@wal/brokers'
import { afterAll, expect, test } from 'vitest'
import { kit } from './kit.js'
import { smallLedgers, Trims } from './trims.js'

/** With so many entries in a ledger, the broker trims the kit's topics all the while. Absent: as a broker does by itself. */
const { WAL_TEST_LEDGER_ENTRIES } = process.env
const isTrimmed = WAL_TEST_LEDGER_ENTRIES !== undefined

const pulsar = await startPulsar({
  tokenKey: 'hmac',
  proxy: true,
  ...(isTrimmed ? { config: smallLedgers(Number(WAL_TEST_LEDGER_ENTRIES)) } : {}),
})
const trims = isTrimmed ? new Trims(pulsar) : undefined
afterAll(async () => {
  await trims?.[Symbol.asyncDispose]()
  await pulsar.stop()
})

const options = { hosts: [`${pulsar.host}:${pulsar.port}`], token: pulsar.token('writer') }
kit(isTrimmed ? 'pulsar, trimmed' : 'pulsar', options, {
  disturb: disturbThrough(pulsar.proxy),
  crash: () => pulsar.restart(),
  saveState: () => pulsar.saveData(),
})

test('the broker lists no subscription but ours after all of this', async () => {
  if (trims !== undefined) expect(trims.count).toBeGreaterThan(100)
  const topics = await pulsar.admin.topics()
  const ours = topics.filter((topic) => topic.includes('/conformance-'))
  expect(ours.length).toBeGreaterThan(0)
  for (const topic of ours) expect(await pulsar.admin.subscriptions(topic)).toEqual(['wal-kept'])
}, 300_000)
