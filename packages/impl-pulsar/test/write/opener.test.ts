import { batchOf, systemRuntime } from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import { simulatedRuntime } from '@wal/walimpls/testing'
import { expect, test } from 'vitest'
import { pulsarBuilder } from '../../src/builder.js'
import { type FullPulsarOptions, optionTable, type PulsarOptions } from '../../src/driver/options.js'
import { PulsarOpener } from '../../src/opener.js'
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
    'wal-mine',
  ])
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
