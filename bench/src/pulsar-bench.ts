import { type PulsarServer, startPulsar } from '@wal/brokers'

/** The environment variable that names a running broker, as `host:port/prefix`: topics begin with that prefix. */
export const BENCH_PULSAR = 'WAL_BENCH_PULSAR'

/** What our side and the peer's side of a Pulsar case share: one broker, without login and TLS. */
export interface PulsarBench {
  /** The log's URL. It names the driver, so that a case measures the same one wherever it runs. */
  readonly url: string
  /** The address of the broker, as Pulsar's clients take it. */
  readonly brokerUrl: string
  /** The name of a channel of this process, in this benchmark. */
  channel(name: string): string
  /** The whole name of a channel's topic. */
  topic(channel: string): string
  close(): Promise<void>
}

export function startBenchPulsar(): Promise<PulsarServer> {
  return startPulsar({ fullSpeed: true }, console.error)
}

export async function openPulsarBench(): Promise<PulsarBench> {
  const given = process.env[BENCH_PULSAR]
  const own = given === undefined ? await startBenchPulsar() : undefined
  const [address = '', prefix = 'here'] =
    given === undefined ? [`${own?.host}:${own?.port}`] : given.split('/')
  let closed = false
  return {
    url: `pulsar://${address}/public/default?driver=protocol`,
    brokerUrl: `pulsar://${address}`,
    channel: (name) => `${prefix}-${process.pid}-${name}`,
    topic: (channel) => `persistent://public/default/${channel}`,
    async close() {
      if (closed) return
      closed = true
      await own?.stop()
    },
  }
}
