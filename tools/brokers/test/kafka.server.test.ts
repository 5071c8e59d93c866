import { expect, test, vi } from 'vitest'
import { startKafka, startKafkaCluster } from '../src/index.js'
import { apiVersions, livingBrokers } from '../src/kafka/kafka-connection.js'
import { countRecords, createTopic, kafkaClient, storeRecords } from './kafka-client.js'
import { isAlive, processState } from './process-state.js'

const produce = 0
const initProducerId = 22

/** Settings that tests of the Kafka backend need. A broker ignores a name that it does not know. */
const config = {
  'transactional.id.expiration.ms': 5_000,
  'transaction.remove.expired.transaction.cleanup.interval.ms': 1_000,
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1_000,
  'producer.id.expiration.ms': 6_000,
  'producer.id.expiration.check.interval.ms': 1_000,
  'unclean.leader.election.enable': true,
  'unclean.leader.election.interval.ms': 1_000,
  'log.initial.task.delay.ms': 500,
  'log.retention.check.interval.ms': 1_000,
  'quota.window.num': 2,
  'quota.window.size.seconds': 2,
}

test('one broker can be killed, restarted, frozen, thawed, put back to older data, and stopped', {
  timeout: 600_000,
}, async () => {
  const kafka = await startKafka({ config })
  try {
    for (const [name, value] of Object.entries(config))
      expect(kafka.logs()).toContain(`\t${name} = ${value}\n`)
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

    const client = kafkaClient(kafka)
    await createTopic(client, 'orders')
    await storeRecords(client, 'orders', ['first', 'second'])
    const saved = await kafka.saveData()
    expect(kafka.address).toBe(address)
    await storeRecords(client, 'orders', ['third'])
    expect(await countRecords(client, 'orders')).toBe(3)
    await saved.putBack()
    expect(await countRecords(client, 'orders')).toBe(2)
  } finally {
    const { processId } = kafka
    await kafka.stop()
    expect(isAlive(processId)).toBe(false)
  }
})

test('three brokers know each other, notice that one was killed, and that it came back', {
  timeout: 900_000,
}, async () => {
  await using cluster = await startKafkaCluster({ proxy: true })
  const [first, , third] = cluster.nodes
  if (first === undefined || third === undefined) throw new Error('three brokers were asked for')
  const ports = () => livingBrokers(first.port).then((living) => living.sort())
  const all = cluster.nodes.map(({ port }) => port).sort()
  expect(await ports()).toEqual(all)

  // The topic's copies are on all brokers. The brokers fetch them from each other, and no proxy sees that.
  // A broker learns of a new topic some moments after another has created it.
  const client = kafkaClient(first, { retry: { retries: 50, maxRetryTime: 200 } })
  await createTopic(client, 'orders')
  await storeRecords(client, 'orders', ['first'])
  expect(first.proxy.counters.bytesToServer).toBeGreaterThan(0)
  expect(cluster.nodes.map(({ proxy }) => proxy.port)).toEqual(cluster.nodes.map(({ port }) => port))
  await vi.waitUntil(() => cluster.nodes.every((node) => node.connections() === 0), { timeout: 30_000 })
  expect(cluster.nodes.map(({ proxy }) => proxy.connections)).toEqual([0, 0, 0])
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
