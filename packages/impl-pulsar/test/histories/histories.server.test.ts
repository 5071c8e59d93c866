import { connectionsReset, historyTest, isLong, serverFrozen, serverRestarted } from '@wal/histories'
import { backlogQuota, quickQuotas } from './backlog-quota.js'
import { flippedByte } from './flipped-byte.js'
import { halfOpen } from './half-open.js'
import { ownPulsar, proxiedPulsar, pulsarScene } from './pulsar-histories.js'
import { topicUnloaded } from './topic-unloaded.js'

const LONGEST_MS = 20_000
/** A client that nobody tells of a lost connection notices it within these times. */
const QUICK = { requestTimeoutMs: 2_000, keepAliveMs: 1_000 }

historyTest('replies cut off after the request', async (closing) => {
  const pulsar = await proxiedPulsar(closing)
  // Clients go where the broker says, so writers and readers share the proxy.
  const ways = { writing: pulsar.proxy, reading: pulsar.proxy }
  return pulsarScene(pulsar, connectionsReset(ways))
})

historyTest('a byte of a send flipped on the way', async (closing) => {
  const pulsar = await proxiedPulsar(closing)
  return pulsarScene(pulsar, flippedByte(pulsar.proxy), QUICK)
})

// A broker takes many seconds to start, and these strike for a long time, so an ordinary run leaves them out. A short load would
// also be over before the broker has unloaded a topic.
if (isLong) {
  historyTest('the topic unloaded under load', async (closing) => {
    const pulsar = await ownPulsar(closing)
    return pulsarScene(pulsar, topicUnloaded(pulsar))
  })

  historyTest('the broker killed under load and restarted with its data', async (closing) => {
    const pulsar = await ownPulsar(closing)
    return pulsarScene(pulsar, serverRestarted(pulsar))
  })

  historyTest(`the broker frozen, once for ${LONGEST_MS} ms`, async (closing) => {
    const pulsar = await ownPulsar(closing)
    return pulsarScene(pulsar, serverFrozen(pulsar, LONGEST_MS), QUICK)
  })

  historyTest('connections left half-open', async (closing) => {
    const pulsar = await proxiedPulsar(closing)
    return pulsarScene(pulsar, halfOpen(pulsar.proxy), QUICK)
  })

  historyTest('the backlog quota reached and lifted', async (closing) => {
    const pulsar = await ownPulsar(closing, { config: quickQuotas })
    return pulsarScene(pulsar, backlogQuota(pulsar))
  })
}
