import { type FaultKind, faultKinds } from './fault.js'

export interface FaultCount {
  /** How often the fault has affected a connection. */
  hits: number
  /** How often the connection had an unanswered request when the fault affected it. */
  hitsInFlight: number
  /** The bytes of the requests that were unanswered at these moments, summed up. */
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
