import { expect, test, vi } from 'vitest'
import { startKafka, startKafkaCluster } from '../src/index.js'
import { apiVersions, livingBrokers } from '../src/kafka/kafka-connection.js'
import { isAlive, processState } from './process-state.js'

const produce = 0
const initProducerId = 22

test('one broker can be killed, restarted, frozen, thawed and stopped', { timeout: 600_000 }, async () => {
  const kafka = await startKafka()
  try {
    const versions = await apiVersions(kafka.port)
    expect(versions.get(produce)).toBeGreaterThan(8)
    expect(versions.get(initProducerId)).toBeGreaterThan(2)
    expect(await livingBrokers(kafka.port)).toEqual([kafka.port])

    const { processId, address } = kafka
    await kafka.kill()
    expect(isAlive(processId)).toBe(false)
    await expect(apiVersions(kafka.port)).rejects.toThrow('ECONNREFUSED')
    await kafka.restart()
    expect(kafka.address).toBe(address)
    // The folder was formatted only once, so the broker has started again on the data that it had written.
    expect(kafka.logs()).toMatch(/metadata log appears to be empty/)
    expect(kafka.logs().match(/metadata log appears to be empty/g)).toHaveLength(1)

    kafka.freeze()
    await vi.waitUntil(() => processState(kafka.processId ?? 0) === 'T')
    const answer = apiVersions(kafka.port)
    kafka.thaw()
    expect((await answer).size).toBe(versions.size)
  } finally {
    const { processId } = kafka
    await kafka.stop()
    expect(isAlive(processId)).toBe(false)
  }
})

test('three brokers know each other, notice that one was killed, and that it came back', {
  timeout: 900_000,
}, async () => {
  await using cluster = await startKafkaCluster()
  const [first, , third] = cluster.nodes
  if (first === undefined || third === undefined) throw new Error('three brokers were asked for')
  const ports = () => livingBrokers(first.port).then((living) => living.sort())
  const all = cluster.nodes.map(({ port }) => port).sort()
  expect(await ports()).toEqual(all)
  await third.kill()
  await vi.waitFor(async () => expect(await ports()).toEqual(all.filter((port) => port !== third.port)), {
    timeout: 120_000,
    interval: 200,
  })
  await third.restart()
  await vi.waitFor(async () => expect(await ports()).toEqual(all), { timeout: 120_000, interval: 200 })
})

test('the error of a broker that cannot start has its last lines', { timeout: 600_000 }, async () => {
  const starting = startKafka({ config: { 'num.network.threads': 0 } })
  await expect(starting).rejects.toThrow('num.network.threads')
})
