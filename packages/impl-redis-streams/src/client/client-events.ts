import type { RedisClient } from './redis-calls.js'

type Listener = (value: unknown) => void

/** By client, then by event: all who listen. */
const listening = new WeakMap<RedisClient, Map<string, Set<Listener>>>()

/**
 * Calls back on every `event` of the client until the returned function is called. However many openers use one client, it
 * carries one listener of ours for each event: Node warns of a leak at the eleventh, and prints that.
 */
export function listen(client: RedisClient, event: string, listener: Listener): () => void {
  const events = listening.get(client) ?? new Map<string, Set<Listener>>()
  listening.set(client, events)
  const listeners = events.get(event) ?? startListening(client, event, events)
  // A function of its own for every call, so that one callback may be given twice.
  const own: Listener = (value) => listener(value)
  listeners.add(own)
  return () => {
    listeners.delete(own)
    if (listeners.size > 0) return
    if (events.get(event) === listeners) events.delete(event)
    stops.get(listeners)?.()
  }
}

const stops = new WeakMap<Set<Listener>, () => void>()

function startListening(
  client: RedisClient,
  event: string,
  events: Map<string, Set<Listener>>,
): Set<Listener> {
  const listeners = new Set<Listener>()
  const tell = (value: unknown): void => {
    for (const listener of [...listeners]) listener(value)
  }
  client.on(event, tell)
  stops.set(listeners, () => client.off(event, tell))
  events.set(event, listeners)
  return listeners
}
