import { randomInt } from 'node:crypto'
import getPort from 'get-port'

// The ports below 32768: Linux takes the ports of outgoing connections from 32768 up. So a killed server finds its port still
// free when it is started again.
const lowest = 12_000
const highest = 32_000

/** A TCP port that nobody listens on at 127.0.0.1. One process never gets the same port twice. */
export function freePort(): Promise<number> {
  return getPort({ host: '127.0.0.1', exclusive: true, port: randomPorts(), reserve: true })
}

export function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, freePort))
}

/** Ports are tried in random order, since several test processes look for ports at the same time. */
function* randomPorts(): Iterable<number> {
  for (let attempt = 0; attempt < 1_000; attempt++) yield randomInt(lowest, highest)
}
