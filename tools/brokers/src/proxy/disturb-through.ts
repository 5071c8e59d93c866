import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultProxy } from './fault-proxy.js'

/** How long, in milliseconds, a connection may take to send the request whose reply is to be cut. */
const CUT_MS = 10

/**
 * Breaks all connections through the proxy. Every other time requests get through first and their replies are kept back:
 * the server has done what nobody is told of.
 */
export function disturbThrough(proxy: FaultProxy): () => Promise<void> {
  let ordinal = 0
  return async () => {
    if (ordinal++ % 2 === 0) {
      proxy.injectOnce({ kind: 'cut-reply' })
      await sleep(CUT_MS)
    }
    // Every other time this breaks all connections; otherwise those that sent nothing in the meantime.
    proxy.injectOnce({ kind: 'reset-after', bytes: 0, direction: 'to-server' })
  }
}
