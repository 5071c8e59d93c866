import { FaultProxy } from '@wal/brokers'
import { SEED } from '../scale.js'

/** Two proxies before one server, which can be disturbed separately: one for the writers, the other for the read-only logs. */
export interface ProxiedWays {
  readonly writing: FaultProxy
  readonly reading: FaultProxy
}

/** Starts both proxies, and adds them to `closing`, the things to close when the test ends. */
export async function proxiedWays(
  target: { readonly port: number; readonly host?: string },
  closing: AsyncDisposable[],
): Promise<ProxiedWays> {
  const writing = await FaultProxy.start({ target, seed: SEED })
  closing.push(writing)
  const reading = await FaultProxy.start({ target, seed: SEED })
  closing.push(reading)
  return { writing, reading }
}
