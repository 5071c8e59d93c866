import { createServer } from 'node:net'

// Below the range from which Linux takes ports for outgoing connections (32768 and up): a server that is killed
// finds its port still free when it is started again.
const lowest = 12_000
const highest = 32_000

const given = new Set<number>()

/** A TCP port that nobody listens on at 127.0.0.1, never given out twice by this process. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
  throw new Error(`no free TCP port found between ${lowest} and ${highest}`)
}

export function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, freePort))
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
