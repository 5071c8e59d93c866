import { startKafka, startKafkaCluster } from '@wal/brokers'
import { connectionsReset, endLost, historyTest, isLong, serverFrozen, serverRestarted } from '@wal/histories'
import { kafkaScene, ownKafka, quickRestart } from './kafka-histories.js'
import { leaderKilled } from './leader-killed.js'
import { OlderCopy } from './older-copy.js'
import { throttlingQuota } from './throttling-quota.js'

const LONGEST_MS = 20_000

historyTest('replies cut off after the request', async (closing) => {
  const kafka = await startKafka({ proxy: true, config: quickRestart })
  closing.push(kafka)
  // Clients go where the broker says, so writers and readers share the proxy.
  const ways = { writing: kafka.proxy, reading: kafka.proxy }
  return kafkaScene([kafka.address], connectionsReset(ways))
})

historyTest('the broker set back to an older copy of its data', async (closing) => {
  const kafka = await ownKafka(closing)
  return kafkaScene([kafka.address], endLost(new OlderCopy(kafka)))
})

// A broker takes seconds to start, so an ordinary run leaves these out.
if (isLong) {
  historyTest('the broker killed under load and restarted with its data', async (closing) => {
    const kafka = await ownKafka(closing)
    return kafkaScene([kafka.address], serverRestarted(kafka))
  })

  historyTest(`the broker frozen, once for ${LONGEST_MS} ms`, async (closing) => {
    const kafka = await ownKafka(closing)
    return kafkaScene([kafka.address], serverFrozen(kafka, LONGEST_MS), { requestTimeoutMs: 2000 })
  })

  historyTest('clients throttled by quotas', async (closing) => {
    const kafka = await ownKafka(closing, {
      config: { 'quota.window.num': 2, 'quota.window.size.seconds': 1 },
    })
    return kafkaScene([kafka.address], await throttlingQuota(kafka, closing))
  })

  historyTest('three brokers, of which the leader is killed again and again', async (closing) => {
    const cluster = await startKafkaCluster({ config: quickRestart, heapMegabytes: 256 })
    closing.push(cluster)
    return kafkaScene(cluster.brokers, await leaderKilled(cluster, closing))
  })
}
