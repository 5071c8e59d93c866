import { openWal } from '@wal/core'
import '@wal/impl-pulsar'
import { appendBatches } from '../appends.js'
import { type BenchCase, type Contender, timed } from '../bench-case.js'
import { openPulsarBench, type PulsarBench } from '../pulsar-bench.js'
import { PulsarGo } from '../pulsar-go.js'
import { rawReplay } from '../raw-pulsar.js'

const shape = { unit: 'message', count: 200_000, quickCount: 40_000, server: 'pulsar' } as const

/** Reads a log from its first record to its end, compared with a reader of Apache's client for Go on the same topic. */
export const pulsarReplay: BenchCase = {
  ...shape,
  name: 'pulsar, replay, beside pulsar-client-go',
  atLeast: 1,
  prepare: () =>
    compared((pulsar, filled) => {
      const go = PulsarGo.start('read', pulsar.brokerUrl)
      return {
        name: 'apache/pulsar-client-go 0.19.0, Reader, queue of 10,000',
        round: async (count) => go.round(`${pulsar.topic(await filled(count))} ${count}`),
        close: () => go.close(),
      }
    }),
}

/** The peer is the scanner of the backend without core, on the same topic: what the replay takes longer is the cost of core. */
export const pulsarReplayBesideBackend: BenchCase = {
  ...shape,
  name: 'pulsar, replay, beside the backend without core',
  atLeast: 0.9,
  prepare: () =>
    compared((pulsar, filled) => ({
      name: 'the scanner of @wal/impl-pulsar called directly',
      round: async (count) => rawReplay(pulsar, await filled(count), count),
    })),
}

type Filled = (count: number) => Promise<string>

async function compared(peerOf: (pulsar: PulsarBench, filled: Filled) => Contender) {
  const pulsar = await openPulsarBench()
  try {
    const channels = new Map<number, Promise<string>>()
    const filled: Filled = (count) => {
      const channel = channels.get(count) ?? fill(pulsar, count)
      channels.set(count, channel)
      return channel
    }
    const peer = peerOf(pulsar, filled)
    const ours: Contender = {
      name: 'wal',
      async round(count) {
        const reader = await openWal(pulsar.url, { channel: await filled(count), accessMode: 'ro' })
        try {
          return await timed(async () => {
            let read = 0
            for await (const batch of reader.read({ until: 'end' }).batches()) read += batch.length
            if (read < count) throw new Error(`only ${read} of ${count} were read`)
          })
        } finally {
          await reader.close()
        }
      },
      async close() {
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

/** Makes a log of so many messages. */
async function fill(pulsar: PulsarBench, count: number): Promise<string> {
  const channel = pulsar.channel(`filled-${count}`)
  const wal = await openWal(pulsar.url, { channel })
  await appendBatches(wal, count)
  await wal.close()
  return channel
}
