import { type FaultKind, faultKinds } from './fault.js'

export interface FaultCount {
  /** Times that it struck a connection. */
  hits: number
  /** Of these, how often a request was unanswered at that moment. */
  hitsInFlight: number
  /** Bytes of requests that were unanswered then. */
  bytesInFlight: number
}

export interface ProxyCounters {
  connections: number
  bytesToServer: number
  bytesToClient: number
  readonly faults: Readonly<Record<FaultKind, FaultCount>>
}

export function newCounters(): ProxyCounters {
  const faults = Object.fromEntries(
    faultKinds.map((kind) => [kind, { hits: 0, hitsInFlight: 0, bytesInFlight: 0 }]),
  ) as Record<FaultKind, FaultCount>
  return { connections: 0, bytesToServer: 0, bytesToClient: 0, faults }
}

export function countHit(counters: ProxyCounters, kind: FaultKind, unansweredBytes: number): void {
  const count = counters.faults[kind]
  count.hits += 1
  count.bytesInFlight += unansweredBytes
  if (unansweredBytes > 0) count.hitsInFlight += 1
}
