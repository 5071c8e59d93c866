import { type PulsarServer, startPulsar } from '@wal/brokers'
import type { HistoryFault, HistoryScene } from '@wal/histories'
import { pulsarBuilder } from '../../src/builder.js'
import type { PulsarOptions } from '../../src/driver/options.js'
import { withDriver } from '../driver-under-test.js'

type ServerOptions = NonNullable<Parameters<typeof startPulsar>[0]>

/** A broker of this test alone. It is stopped when the test ends. */
export async function ownPulsar(
  closing: AsyncDisposable[],
  options: Omit<ServerOptions, 'proxy'> = {},
): Promise<PulsarServer> {
  const pulsar = await startPulsar(options)
  closing.push(pulsar)
  return pulsar
}

/** A broker of this test alone, of whose proxy no client knows the way past. */
export async function proxiedPulsar(closing: AsyncDisposable[]) {
  const pulsar = await startPulsar({ proxy: true })
  closing.push(pulsar)
  return pulsar
}

/** The backend under a fault. */
export function pulsarScene(
  { host, port }: PulsarServer,
  fault: HistoryFault,
  more: Omit<PulsarOptions, 'hosts'> = {},
): HistoryScene {
  return {
    builder: pulsarBuilder,
    writing: { ...withDriver({ hosts: [`${host}:${port}`], ...more }) },
    fault,
  }
}
