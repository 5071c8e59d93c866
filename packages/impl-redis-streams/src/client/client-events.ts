import type { RedisClient } from './redis-calls.js'

type Listener = (value: unknown) => void

/** The callbacks of every client, by event. */
const listening = new WeakMap<RedisClient, Map<string, Set<Listener>>>()

/**
 * Calls back on every `event` of the client until the returned function is called. However many openers share one client, the
 * client has one listener for each event: Node prints a warning of a leak when an emitter has more than ten.
 */
export function listen(client: RedisClient, event: string, listener: Listener): () => void {
  const events = listening.get(client) ?? new Map<string, Set<Listener>>()
  listening.set(client, events)
  const listeners = events.get(event) ?? startListening(client, event, events)
  // Wrapped in a new function for each call, so that the same callback may be added twice.
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
