import { sep } from 'node:path'
import { DemoFailure } from './demo-failure.js'

/** How the demo gets hold of a backend. To add one, add it to the table below. */
export interface DemoBackend {
  /** Importing a backend registers it. Done only when it is asked for: a backend may bring a large driver along. */
  load(): Promise<unknown>
  /** Where the log goes without `--url`: into this folder, or onto a server that is started for the demo. */
  place(folder: string): Place | Promise<Place>
}

export interface Place {
  readonly url: string
  /** Stops the server. */
  stop?(): Promise<void>
}

const backends: Readonly<Record<string, DemoBackend>> = {
  file: {
    load: () => import('@wal/impl-file'),
    place: (folder) => ({ url: `file:${encoded(folder)}` }),
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

/** To be called in every process: each has a registry of its own. */
export async function loadBackend(name: string): Promise<DemoBackend> {
  const backend = Object.hasOwn(backends, name) ? backends[name] : undefined
  if (backend === undefined)
    throw new DemoFailure(
      `no backend "${name}" here; there are: ${backendNames().join(', ')}. (memory: ends with its process, and here are several.)`,
    )
  await backend.load()
  return backend
}

/** A path as part of a URL. A folder for temporary files may have any name. */
function encoded(path: string): string {
  return path.split(sep).map(encodeURIComponent).join('/')
}
