import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { batchOf, systemRuntime } from '@wal/walimpls'
import { CallFailure, Lifetime, readOptions, redactUrl, sleep } from '@wal/walimpls/helper'
import { simulatedRuntime } from '@wal/walimpls/testing'
import { expect, test, vi } from 'vitest'
import { UNKNOWN_POLICIES } from '../../src/admin/policies.js'
import { pulsarBuilder } from '../../src/builder.js'
import { type FullPulsarOptions, optionTable, type PulsarOptions } from '../../src/driver/options.js'
import { PulsarOpener } from '../../src/opener.js'
import { LastRecord } from '../../src/read/last-record.js'
import { PulsarReadOnlyWAL } from '../../src/read-only-wal.js'
import { Shared } from '../../src/shared.js'
import { ScriptedDriver } from '../scripted-driver/scripted-driver.js'

const full = (options: Partial<PulsarOptions> = {}) =>
  readOptions(
    optionTable,
    { hosts: ['two', 'one:6650'], ...options },
    'backend "pulsar"',
  ) as FullPulsarOptions

function scene(options: Partial<PulsarOptions> = {}) {
  const runtime = simulatedRuntime({ seed: 1 })
  const driver = new ScriptedDriver({ runtime })
  const opener = new PulsarOpener(driver, full(options), runtime)
  return { runtime, driver, opener }
}

const WRITER = { term: 1, incarnation: 'mine' }
const one = () => batchOf(0, [{ payload: Buffer.from('x'), properties: [] }])

test('a channel is a topic of the namespace, and two opens of one log name one place', async () => {
  const { runtime, driver, opener } = scene({ namespace: 'team/logs' })
  const log = await runtime.run(opener.open('orders', WRITER))
  expect(await runtime.run(driver.exists('persistent://team/logs/orders'))).toBe(true)
  expect(log.place).toBe('one:6650,two:6650 persistent://team/logs/orders')
  expect((await runtime.run(opener.openReadOnly('orders'))).place).toBe(log.place)
})

test('an entry carries the writer’s name, and an open by itself disturbs no other writer', async () => {
  const { runtime, driver, opener } = scene()
  const log = await runtime.run(opener.open('orders', WRITER))
  expect(driver.link.count('producer')).toBe(0)
  await runtime.run(log.append(one()))
  expect(driver.topic('persistent://public/default/orders').entries.map(({ producer }) => producer)).toEqual([
    'wal-mine-1',
  ])
})

test('the subscription that keeps the log is there when the open has resolved', async () => {
  const { runtime, driver, opener } = scene()
  driver.link.onCall = async ({ kind }) => {
    if (kind === 'cursor') await sleep(runtime, 50)
  }
  await runtime.run(opener.open('orders', WRITER))
  expect(driver.cursorOf('persistent://public/default/orders')).toEqual({ ledger: 10, entry: -1 })
})

test('an open that fails leaves no reader on the broker', async () => {
  const { runtime, driver, opener } = scene()
  driver.topic('persistent://public/default/orders').store({ messages: one().messages })
  await runtime.run(driver.cursor('persistent://public/default/orders', { make: true }))
  driver.link.onCall = ({ kind }) => {
    if (kind === 'acknowledged') throw new CallFailure('no answer')
  }
  await expect(runtime.run(opener.open('orders', WRITER))).rejects.toMatchObject({ code: 'WAL_UNAVAILABLE' })
  expect(driver.open).toEqual([])
})

test('a log closes when its question for the last record has its answer', async () => {
  const { runtime, driver, opener } = scene()
  driver.topic('persistent://public/default/orders').store({ messages: one().messages })
  const log = await runtime.run(opener.openReadOnly('orders'))
  const ended: string[] = []
  const asked = log.last().then((last) => ended.push(`last ${last?.id.entry}`))
  const closed = log.close().then(() => ended.push('close'))
  await runtime.run(Promise.all([asked, closed]))
  expect(ended).toEqual(['last 0', 'close'])
  expect(driver.open).toEqual([])
})

test('policies are read again when they are older than a minute', async () => {
  const { runtime, driver } = scene()
  let ttlSeconds = 0
  const shared = Object.assign(new Shared(driver, full(), runtime), {
    policies: async () => ({ ...UNKNOWN_POLICIES, ttlSeconds }),
  })
  const topic = shared.topicOf('orders')
  const log = new PulsarReadOnlyWAL({
    ...{ shared, channel: 'orders', topic, policies: await shared.policies(), subscriptionWarnings: [] },
    ...{ last: new LastRecord(shared.read(topic)), opener: new Lifetime({ what: 'The opener' }) },
  })
  const retention = async () => {
    // The first access begins another read.
    void log.guarantees
    await runtime.advance(1)
    return log.guarantees.retention
  }
  expect(await retention()).toBe('unknown')
  ttlSeconds = 60
  expect(await retention()).toBe('unknown')
  await runtime.advance(60_000)
  expect(await retention()).toBe('the broker removes records by itself')
})

test('a writer that opens its log again, and numbers its entries from elsewhere, makes no gap for readers', async () => {
  const { runtime, driver, opener } = scene()
  const topic = driver.topic('persistent://public/default/orders')
  const first = await runtime.run(opener.open('orders', WRITER))
  await runtime.run(first.append(one()))
  // The topic is unloaded. The native driver numbers a new producer's entries by the clock.
  topic.roll()
  driver.producers('persistent://public/default/orders').lastSequence = 1_000
  const again = await runtime.run(opener.open('orders', WRITER))
  await runtime.run(again.append(one()))
  const scanner = again.read({ start: 'oldest', maxBytes: 1 << 20 })
  let read = 0
  for (
    let batch = await runtime.run(scanner.next());
    batch?.length;
    batch = await runtime.run(scanner.next())
  )
    read += batch.length
  expect(read).toBe(2)
})

test('to read a log that does not exist is an error, and makes nothing', async () => {
  const { runtime, driver, opener } = scene()
  await expect(runtime.run(opener.openReadOnly('orders'))).rejects.toMatchObject({
    code: 'WAL_CHANNEL_NOT_FOUND',
  })
  expect(await runtime.run(driver.exists('persistent://public/default/orders'))).toBe(false)
})

test('a name that Pulsar takes for a part of a partitioned topic is no channel', async () => {
  const { runtime, driver, opener } = scene()
  await expect(runtime.run(opener.open('orders-partition-3', WRITER))).rejects.toMatchObject({
    code: 'WAL_INVALID_ARGUMENT',
  })
  expect(driver.link.calls).toEqual([])
})

test('the channels are the topics of the namespace whose names can be channels', async () => {
  const { runtime, driver, opener } = scene()
  for (const name of ['orders', 'Large', 'a b', 'orders-partition-0', '__change_events'])
    driver.topic(`persistent://public/default/${name}`)
  driver.topic('persistent://public/other/elsewhere')
  expect(await runtime.run(opener.list())).toEqual(['orders'])
})

test('a log that is closed has no producer and no reader on the broker', async () => {
  const { runtime, driver, opener } = scene()
  const log = await runtime.run(opener.open('orders', WRITER))
  await runtime.run(log.append(one()))
  await runtime.run(log.last())
  await runtime.run(log.close())
  expect(driver.producers('persistent://public/default/orders').table.size).toBe(0)
  expect(driver.open).toEqual([])
})

test('a close ends in seconds though the broker answers nothing', async () => {
  const { runtime, driver, opener } = scene()
  const log = await runtime.run(opener.open('orders', WRITER))
  driver.link.freeze()
  const appended = log.append(one()).catch((error) => error)
  await runtime.run(opener.close(), { withinMs: 5000 })
  expect(await runtime.run(appended)).toMatchObject({ code: 'WAL_UNAVAILABLE' })
})

test('a closed opener asks the admin interface nothing more', async () => {
  const held: ServerResponse[] = []
  const server = createServer((_, response) => held.push(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const opener = new PulsarOpener(
    new ScriptedDriver(),
    full({ adminUrl: `http://127.0.0.1:${port}` }),
    systemRuntime,
  )
  const opening = opener.open('orders', WRITER).catch((error) => error)
  await vi.waitFor(() => expect(held).toHaveLength(1))
  await opener.close()
  await vi.waitFor(() => expect(held[0]?.destroyed).toBe(true))
  expect(await opening).toMatchObject({ code: 'WAL_CLOSED' })
  await new Promise((resolve) => server.close(resolve))
  expect(held).toHaveLength(1)
})

test('a URL that may be shown has no password of the admin interface', () => {
  const url = 'pulsar://one:6650?adminUrl=http://admin:secret%40one:8080&token=secret&driver=protocol'
  expect(redactUrl(url, optionTable)).toBe('pulsar://one:6650?adminUrl=***&token=***&driver=protocol')
})

const WRONG: readonly (readonly [options: Partial<PulsarOptions>, text: RegExp])[] = [
  [{ namespace: 'public' }, /must be a tenant and a namespace, such as public\/default, got "public"/],
  [{ namespace: 'a/b/c' }, /must be a tenant and a namespace/],
  [{ token: 'secret', tokenSupplier: () => 'secret' }, /exclude each other/],
  [{ adminUrl: 'ftp://user:secret@host' }, /must be an address that begins with http/],
  [{ adminUrl: 'host:8080' }, /must be an address that begins with http/],
]

test.each(WRONG)(
  'options that contradict the rules are refused before anything is connected: %o',
  async (options, text) => {
    const building = Promise.resolve(pulsarBuilder.build(full(options), systemRuntime))
    await expect(building).rejects.toMatchObject({ code: 'WAL_INVALID_ARGUMENT' })
    await expect(building).rejects.toThrow(text)
    await expect(building).rejects.not.toThrow(/secret/)
  },
)
