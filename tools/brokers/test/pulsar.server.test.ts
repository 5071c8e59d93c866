import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFailed, test, vi } from 'vitest'
import { type PulsarServer, startPulsar } from '../src/index.js'
import { checkHealth, greet } from '../src/pulsar/pulsar-connection.js'
import { commands } from '../src/pulsar/pulsar-frame.js'
import { isAlive, processState } from './process-state.js'
import { PulsarProducer } from './pulsar-producer.js'

const topic = 'persistent://public/default/orders'

/** Without a look at the journal, about one kill in five leaves a topic that never opens again. */
const KILLS = Number(process.env.WAL_TEST_KILLS ?? 2)

/** Ledgers so small that a test fills some of them. */
const config = { managedLedgerMaxEntriesPerLedger: 3, managedLedgerMinLedgerRolloverTimeMinutes: 0 }

test('a broker can be killed, restarted, frozen, thawed, put back to older data, and stopped', {
  timeout: 900_000,
}, async () => {
  const pulsar = await startPulsar({ config })
  showLogsOnFailure(pulsar)
  try {
    expect(pulsar.logs()).toMatch(/Binding bookie-rpc endpoint to \S*127\.0\.0\.1:/)
    await store(pulsar, ['first'])
    expect(await messageAt(pulsar, 1)).toBe('first')

    const { processId, url } = pulsar
    await pulsar.kill()
    expect(isAlive(processId)).toBe(false)
    await expect(greet(pulsar.port)).rejects.toThrow('ECONNREFUSED')
    await pulsar.restart()
    expect(pulsar.url).toBe(url)
    expect(await messageAt(pulsar, 1)).toBe('first')

    pulsar.freeze()
    await vi.waitUntil(() => processState(pulsar.processId ?? 0) === 'T')
    const answer = greet(pulsar.port)
    pulsar.thaw()
    await answer
    await checkHealth(Number(new URL(pulsar.adminUrl).port))

    // The subscription keeps the messages: without one, a ledger that is closed is removed.
    await pulsar.admin.createSubscription(topic, 'kept')
    await store(pulsar, ['second'])
    const saved = await pulsar.saveData()
    await store(pulsar, ['lost', 'lost too'])
    expect((await pulsar.admin.internalStats(topic)).numberOfEntries).toBe(4)
    await saved.putBack()
    await store(pulsar, ['third'])
    expect((await pulsar.admin.internalStats(topic)).numberOfEntries).toBe(3)
    expect([await messageAt(pulsar, 2), await messageAt(pulsar, 3)]).toEqual(['second', 'third'])
  } finally {
    const { processId } = pulsar
    await pulsar.stop()
    expect(isAlive(processId)).toBe(false)
  }
})

test('a broker that is killed under load opens its topic again with all that it acknowledged', {
  timeout: 900_000,
}, async () => {
  await using pulsar = await startPulsar()
  showLogsOnFailure(pulsar)
  await pulsar.admin.createSubscription(topic, 'kept')
  let acks = 0
  for (let round = 0; round < KILLS; round++) {
    const { producer } = await PulsarProducer.open(pulsar.port, topic)
    // Messages so large that the bookie writes most of its journal's records in pieces.
    const sending = setInterval(() => {
      for (let i = 0; i < 20; i++) producer.send('x'.repeat(10_000 + i * 500))
    }, 5)
    const counting = (async () => {
      for (;;) {
        await producer.connection.expect(commands.sendReceipt)
        acks++
      }
    })()
    const ended = expect(counting).rejects.toThrow()
    await sleep(500)
    await pulsar.kill()
    clearInterval(sending)
    producer[Symbol.dispose]()
    await ended
    await pulsar.restart()
    expect((await pulsar.admin.internalStats(topic)).numberOfEntries).toBeGreaterThanOrEqual(acks)
  }
  expect(acks).toBeGreaterThan(0)
})

test('the admin interface creates, unloads, trims and deletes topics', {
  timeout: 600_000,
}, async () => {
  await using pulsar = await startPulsar({ config })
  showLogsOnFailure(pulsar)
  const { admin } = pulsar
  await admin.createTopic('orders')
  await admin.createSubscription('orders', 'kept')
  expect(await admin.topics()).toContain(topic)
  expect(await admin.subscriptions('orders')).toEqual(['kept'])

  await store(pulsar, ['1', '2', '3', '4', '5', '6', '7'])
  const full = await admin.internalStats('orders')
  expect(full.ledgers.map(({ entries }) => entries).slice(0, 2)).toEqual([3, 3])
  expect(full.cursors.kept?.markDeletePosition).toBe(`${full.ledgers[0]?.ledgerId}:-1`)
  expect((await admin.stats('orders')).subscriptions.kept).toMatchObject({ msgBacklog: 7, isDurable: true })
  await admin.trim('orders')
  expect((await admin.internalStats('orders')).numberOfEntries).toBe(7)

  await admin.skipAll('orders', 'kept')
  await admin.trim('orders')
  const trimmed = await admin.internalStats('orders')
  expect(trimmed.numberOfEntries).toBe(1)
  expect(trimmed.totalSize).toBeLessThan(full.totalSize)

  const { producer } = await PulsarProducer.open(pulsar.port, topic)
  expect((await admin.stats('orders')).publishers).toHaveLength(1)
  await expect(admin.deleteTopic('orders')).rejects.toMatchObject({ status: 412 })
  await admin.unload('orders')
  producer[Symbol.dispose]()
  expect((await admin.stats('orders')).publishers).toHaveLength(0)
  await admin.deleteTopic('orders', { force: true })
  expect(await admin.topics()).not.toContain(topic)
})

test('policies of a namespace are set and removed, and a quota is reached and lifted', {
  timeout: 600_000,
}, async () => {
  await using pulsar = await startPulsar({ config: { backlogQuotaCheckIntervalInSeconds: 1 } })
  showLogsOnFailure(pulsar)
  const { admin } = pulsar
  await admin.createNamespace('public/other', {
    retention: { minutes: 5, megabytes: 10 },
    messageTtlSeconds: 7,
    backlogQuota: { bytes: 1_000, policy: 'producer_exception' },
    inactiveTopics: { mode: 'delete_when_subscriptions_caught_up', seconds: 9 },
    subscriptionExpirationMinutes: 3,
  })
  expect(await admin.request('GET', 'namespaces/public/other')).toMatchObject({
    retention_policies: { retentionTimeInMinutes: 5, retentionSizeInMB: 10 },
    message_ttl_in_seconds: 7,
    backlog_quota_map: { destination_storage: { limitSize: 1_000, policy: 'producer_exception' } },
    inactive_topic_policies: {
      inactiveTopicDeleteMode: 'delete_when_subscriptions_caught_up',
      maxInactiveDurationSeconds: 9,
      deleteWhileInactive: true,
    },
    subscription_expiration_time_minutes: 3,
  })
  await admin.setPolicies('public/other', { messageTtlSeconds: null, retention: null })
  const policies = await admin.request('GET', 'namespaces/public/other')
  expect(policies).not.toHaveProperty('message_ttl_in_seconds')
  expect(policies).not.toHaveProperty('retention_policies')
  expect(policies).toHaveProperty('subscription_expiration_time_minutes', 3)

  await admin.createTopic('orders')
  await admin.createSubscription('orders', 'kept')
  await admin.setPolicies('public/default', { backlogQuota: { bytes: 1_000, policy: 'producer_exception' } })
  await store(pulsar, ['x'.repeat(2_000)])
  await vi.waitFor(
    () => expect(PulsarProducer.open(pulsar.port, topic)).rejects.toThrow('backlog quota exceeded'),
    patience,
  )
  await admin.setPolicies('public/default', { backlogQuota: null })
  await vi.waitFor(() => store(pulsar, ['after the quota']), patience)
})

test('the error of a broker that cannot start has its last lines', { timeout: 600_000 }, async () => {
  const starting = startPulsar({ proxy: true, config: { managedLedgerDefaultEnsembleSize: 'many' } })
  await expect(starting).rejects.toThrow('managedLedgerDefaultEnsembleSize')
})

const patience = { timeout: 30_000, interval: 100 }

function showLogsOnFailure(pulsar: PulsarServer): void {
  onTestFailed(() => console.error(pulsar.logs().split('\n').slice(-100).join('\n')))
}

async function store({ port }: PulsarServer, payloads: readonly string[]): Promise<void> {
  const { producer } = await PulsarProducer.open(port, topic)
  using _ = producer
  await producer.store(payloads)
}

/** The payload of a message, counted from 1 at the oldest. */
async function messageAt({ admin }: PulsarServer, position: number): Promise<string> {
  const query = `initialPosition=earliest&messagePosition=${position}`
  return String(await admin.request('GET', `persistent/public/default/orders/examinemessage?${query}`))
}
