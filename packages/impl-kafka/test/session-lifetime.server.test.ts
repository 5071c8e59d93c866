import { setTimeout as sleep } from 'node:timers/promises'
import { startKafka } from '@wal/brokers'
import { openWal } from '@wal/core'
import { afterAll, expect, test } from 'vitest'
import '../src/index.js'

/** A broker ends a connection at the first request that comes later than this after the login, in milliseconds. */
const SESSION_MS = 3_000
const SESSIONS = 4
/** Longer than a session, without an append. */
const SILENCE_MS = 4_000

const kafka = await startKafka({
  sasl: { users: { owner: 'secret' }, mechanisms: ['SCRAM-SHA-256'] },
  config: { 'connections.max.reauth.ms': SESSION_MS },
})
afterAll(() => kafka.stop())

test('sessions that end under appends and a tailing reader lose nothing, store nothing twice, and cause no error', {
  timeout: 120_000,
}, async () => {
  const notices: string[] = []
  const hear = (level: string) => (fields: object, text: string) =>
    void notices.push(`${level}: ${text} ${JSON.stringify(fields)}`)
  const logger = { debug() {}, info() {}, warn: hear('warn'), error: hear('error') }
  const url = `kafka://owner:secret@${kafka.address}?mechanism=scram-sha-256`
  const wal = await openWal(url, { channel: 'orders', logger })
  const readOnly = await openWal(url, { channel: 'orders', accessMode: 'ro', logger })
  const opened = notices.splice(0)

  const delivered: string[] = []
  const scanner = readOnly.read()
  const reading = (async () => {
    for await (const { payload } of scanner) delivered.push(Buffer.from(payload).toString())
  })()

  const sent: string[] = []
  const append = () => {
    const text = `message ${sent.length}`
    sent.push(text)
    return wal.append({ vchannel: 'eu', payload: Buffer.from(text) })
  }
  const appends: Promise<unknown>[] = []
  const until = performance.now() + SESSIONS * SESSION_MS
  while (performance.now() < until) {
    appends.push(append(), append())
    await sleep(2)
  }
  await Promise.all(appends)
  await sleep(SILENCE_MS)
  await append()
  await expect.poll(() => delivered.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(sent.length)

  expect(delivered).toEqual(sent)
  expect(opened.filter((notice) => notice.startsWith('error'))).toEqual([])
  expect(notices).toEqual([])
  await scanner.close()
  await reading
  await readOnly.close()
  await wal.close()
})
