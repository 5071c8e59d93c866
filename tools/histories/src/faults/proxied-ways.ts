import { FaultProxy } from '@wal/brokers'
import { SEED } from '../scale.js'

/** Two ways to one server that can be disturbed: that of the writers, and that of the read-only logs. */
export interface ProxiedWays {
  readonly writing: FaultProxy
  readonly reading: FaultProxy
}

/** Starts a proxy for either way. They are closed with what else is in `closing`. */
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
