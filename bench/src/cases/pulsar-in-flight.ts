import { openWal } from '@wal/core'
import '@wal/impl-pulsar'
import { appendsInFlight } from '../appends.js'
import { type BenchCase, type Contender, timed } from '../bench-case.js'
import { openPulsarBench, type PulsarBench } from '../pulsar-bench.js'
import { PulsarGo } from '../pulsar-go.js'
import { RawPulsarWriter } from '../raw-pulsar.js'

const IN_FLIGHT = 1000
/** With batches of this size two are in flight, so that the client fills one while the broker stores the other. */
const GO_BATCH = 500
const RAW_BATCH = 250

const shape = { unit: 'append', count: 200_000, quickCount: 40_000, server: 'pulsar' } as const

/** Many concurrent callers of `append`, compared with batches of Apache's client for Go with as many messages in flight. */
export const pulsarInFlight: BenchCase = {
  ...shape,
  name: 'pulsar, 1,000 appends in flight, beside pulsar-client-go',
  atLeast: 1,
  prepare: () =>
    compared(async (pulsar, channel) => {
      const numbers = [IN_FLIGHT, GO_BATCH].map(String)
      const go = PulsarGo.start('produce', pulsar.brokerUrl, pulsar.topic(channel), ...numbers)
      return {
        name: `apache/pulsar-client-go 0.19.0, SendAsync, batches of up to ${GO_BATCH}`,
        round: (count) => go.round(String(count)),
        close: () => go.close(),
      }
    }),
}

/** The peer is the backend without core: what appends take longer is the cost of core. */
export const pulsarInFlightBesideBackend: BenchCase = {
  ...shape,
  name: 'pulsar, 1,000 appends in flight, beside the backend without core',
  atLeast: 0.9,
  prepare: () =>
    compared(async (pulsar, channel) => {
      const raw = await RawPulsarWriter.open(pulsar, channel)
      return {
        name: `@wal/impl-pulsar called directly, batches of ${RAW_BATCH}`,
        round: (count) => timed(() => raw.append(count, RAW_BATCH, IN_FLIGHT / RAW_BATCH)),
        close: () => raw.close(),
      }
    }),
}

async function compared(peerOf: (pulsar: PulsarBench, channel: string) => Promise<Contender>) {
  const pulsar = await openPulsarBench()
  try {
    const peer = await peerOf(pulsar, pulsar.channel('peer'))
    const wal = await openWal(pulsar.url, { channel: pulsar.channel('bench') })
    const ours: Contender = {
      name: 'wal',
      round: (count) => timed(() => appendsInFlight(wal, count, IN_FLIGHT)),
      async close() {
        await wal.close()
        await peer.close?.()
        await pulsar.close()
      },
    }
    return { ours, peer: { name: peer.name, round: peer.round } }
  } catch (error) {
    await pulsar.close()
    throw error
  }
}
