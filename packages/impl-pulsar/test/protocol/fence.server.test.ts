import { setTimeout as sleep } from 'node:timers/promises'
import { sharedServer } from '@wal/brokers'
import { expect, test, vi } from 'vitest'
import { DriverScene, hostOf, TestProducer, TestReader } from './driver-scene.js'

async function scene(): Promise<DriverScene> {
  return new DriverScene({ hosts: [hostOf(await sharedServer('pulsar'))] })
}

test('a fencing producer ends the one before, of which nothing is stored any more', async () => {
  await using place = await scene()
  const { topic } = place
  const old = await TestProducer.open(await place.made(), topic)
  await old.send('a')
  const successor = await TestProducer.open(await place.driver(), topic)
  expect(successor.epoch).toBeGreaterThan(old.epoch)
  await expect(old.send('refused')).rejects.toThrow()
  await successor.send('b')

  const reader = await TestReader.open(await place.driver(), topic, 'earliest')
  reader.reader.permit(100)
  expect(await reader.payloads(2)).toEqual(['a', 'b'])
  expect(await reader.reader.last()).toMatchObject({ ...reader.entries[1]?.place })
  expect(successor.endings).toEqual([])
})

test('a fenced producer is told by its next send, or by the end of its connection', async () => {
  await using place = await scene()
  const { topic } = place
  const old = await TestProducer.open(await place.made(), topic)
  await TestProducer.open(await place.driver(), topic)
  const refusal = await old.send('refused').catch((error: unknown) => error)
  expect(refusal).toSatisfy(
    (error: Error) =>
      error.name === 'CallFailure' || (error.name === 'PulsarError' && /closed/i.test(error.message)),
  )
})

test('a producer that comes back with its own epoch is refused once another has taken over, and disturbs nobody', async () => {
  await using place = await scene()
  const { topic } = place
  const first = await place.made()
  const old = await TestProducer.open(first, topic)
  await old.send('a')
  const successor = await TestProducer.open(await place.driver(), topic)
  await successor.send('b')
  const again = () => TestProducer.open(first, topic, { epoch: old.epoch })
  await expect(again()).rejects.toMatchObject({ name: 'PulsarError' })
  await successor.send('c')
  await successor.close()
  // The epoch is refused for good, also when the topic has no producer.
  await expect(again()).rejects.toMatchObject({ code: 'ProducerFenced' })
  expect(successor.endings).toEqual([])
})

test('a producer whose connection was lost comes back with its own epoch, and its successors rise above that', async () => {
  await using place = await scene()
  const { topic } = place
  const first = await place.made()
  const old = await TestProducer.open(first, topic)
  await old.send('a')
  await first.close()
  expect(old.endings).toHaveLength(1)
  await sleep(100)
  const second = await place.driver()
  const back = await vi.waitFor(() => TestProducer.open(second, topic, { epoch: old.epoch }), {
    timeout: 10_000,
    interval: 100,
  })
  expect(back.epoch).toBe(old.epoch)
  await back.send('b')
  expect((await TestProducer.open(await place.driver(), topic)).epoch).toBeGreaterThan(old.epoch)
})

test('a free producer is refused while another has the topic, and then disturbs nobody', async () => {
  await using place = await scene()
  const { topic } = place
  const owner = await TestProducer.open(await place.made(), topic)
  const other = await place.driver()
  await expect(TestProducer.open(other, topic, 'free')).rejects.toMatchObject({ name: 'PulsarError' })
  await owner.send('a')
  expect(owner.endings).toEqual([])
})
