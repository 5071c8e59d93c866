import type { Runtime, Timer } from '@wal/walimpls'

/**
 * How often a producer or reader is asked whether it is connected, in milliseconds. The client begins to connect again 100 ms after
 * it lost a connection, and tells nobody. When the broker says where the topic has gone, the client connects at once.
 */
const PAUSE_MS = 25

/** Calls `lost` once when the connection is seen to be gone. The returned function ends the watch. */
export function watchConnection(
  runtime: Pick<Runtime, 'setTimeout'>,
  handle: { isConnected(): boolean },
  lost: () => void,
): () => void {
  let timer: Timer | undefined
  const look = () => {
    if (!handle.isConnected()) return lost()
    timer = runtime.setTimeout(look, PAUSE_MS, { background: true })
  }
  timer = runtime.setTimeout(look, PAUSE_MS, { background: true })
  return () => timer?.clear()
}
