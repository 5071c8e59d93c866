import { sep } from 'node:path'
import { DemoFailure } from './demo-failure.js'

/** A backend that the demo can use. To add one, add an entry to the table below. */
export interface DemoBackend {
  /**
   * Imports the backend's package, which registers the backend. Done only for the backend in use, since a package may load a
   * large driver.
   */
  load(): Promise<unknown>
  /** The place of the log when `--url` is not given: a temporary folder, or a server that is started for the demo. */
  place(folder: string): Place | Promise<Place>
}

export interface Place {
  readonly url: string
  /** Stops the server that was started for the demo. */
  stop?(): Promise<void>
}

const backends: Readonly<Record<string, DemoBackend>> = {
  file: {
    load: () => import('@wal/impl-file'),
    place: (folder) => ({ url: `file:${encoded(folder)}` }),
  },
  kafka: {
    load: () => import('@wal/impl-kafka'),
    async place() {
      const { startShared } = await import('@wal/brokers')
      const { address, stop } = await startShared('kafka', console.log)
      return { url: `kafka://${address}`, stop }
    },
  },
  pulsar: {
    load: () => import('@wal/impl-pulsar'),
    async place() {
      const { startShared } = await import('@wal/brokers')
      const { address, stop } = await startShared('pulsar', console.log)
      return { url: `${address}/public/default`, stop }
    },
  },
  'redis-streams': {
    load: () => import('@wal/impl-redis-streams'),
    async place() {
      const { startShared } = await import('@wal/brokers')
      const { address, stop } = await startShared('redis', console.log)
      return { url: address.replace(/^redis:/, 'redis-streams:'), stop }
    },
  },
  sqlite: {
    load: () => import('../../custom-backend/src/index.js'),
    place: (folder) => ({ url: `sqlite:${encoded(folder)}` }),
  },
}

export function backendNames(): string[] {
  return Object.keys(backends)
}

/** Imports the backend. Every process of the demo has to do this, since each has its own registry. */
export async function loadBackend(name: string): Promise<DemoBackend> {
  const backend = Object.hasOwn(backends, name) ? backends[name] : undefined
  if (backend === undefined)
    throw new DemoFailure(
      `no backend "${name}" here; there are: ${backendNames().join(', ')}. (memory: ends with its process, and here are several.)`,
    )
  await backend.load()
  return backend
}

/** Escapes a path for use in a URL, since a temporary folder may have any name. */
function encoded(path: string): string {
  return path.split(sep).map(encodeURIComponent).join('/')
}
