import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Progress } from '../server.js'
import { isServerKind, type ServerKind } from './server-kind.js'
import { type RunningServer, startShared } from './start-shared.js'

/** One line of the answer to a request: progress, or the result. */
export type HostLine =
  | { readonly progress: string }
  | { readonly address: string }
  | { readonly error: string }
  | { readonly running: Running }

export type Running = Readonly<Record<string, { address: string; source: string } | 'starting'>>

interface Entry {
  starting: Promise<RunningServer>
  started?: RunningServer
  /** How many requests wait for this server's start. */
  waiting: number
}

/**
 * Owns servers that several processes share, and starts each kind once, when a process first asks for it. Listens on a Unix
 * socket: `PUT /redis` starts a server, `DELETE /redis` stops it, `GET /` lists all. Answers are JSON lines. A start is given
 * up when every process that asked for it has ended.
 */
export class ServerHost {
  readonly #listener: Server
  readonly #servers = new Map<ServerKind, Entry>()
  readonly #listeners = new Set<Progress>()
  /** Called when the last server was stopped, and when the first start failed while no other server runs. */
  onEmpty: () => void = () => {}
  readonly #start: (kind: ServerKind, say: Progress) => Promise<RunningServer>

  private constructor(start: typeof startShared) {
    this.#start = start
    this.#listener = createServer((request, response) => void this.#answer(request, response))
  }

  static async listen(socketPath: string, start: typeof startShared = startShared): Promise<ServerHost> {
    const host = new ServerHost(start)
    host.#listener.listen(socketPath)
    await once(host.#listener, 'listening')
    return host
  }

  /** Starts the server unless it runs already. Resolves to its address. */
  async ensure(kind: ServerKind): Promise<string> {
    return (await this.#entry(kind).starting).address
  }

  #entry(kind: ServerKind): Entry {
    let entry = this.#servers.get(kind)
    if (entry === undefined) {
      const created: Entry = {
        waiting: 0,
        starting: this.#start(kind, (line) => this.#tell(line)).then(
          (server) => {
            created.started = server
            return server
          },
          (error: unknown) => {
            // A failed start is forgotten, so that the next request tries again.
            if (this.#servers.get(kind) === created) this.#servers.delete(kind)
            throw error
          },
        ),
      }
      entry = created
      this.#servers.set(kind, entry)
    }
    return entry
  }

  /**
   * Stops a server. When it is still starting, which may include a download, this does not wait: the server is stopped after
   * its start.
   */
  async stop(kind: ServerKind): Promise<void> {
    const entry = this.#servers.get(kind)
    if (entry === undefined) return
    this.#servers.delete(kind)
    if (entry.started !== undefined) return entry.started.stop()
    entry.starting.then((server) => server.stop()).catch(() => {})
  }

  /** Stops every server, also those that are still starting, and then stops listening. */
  async close(): Promise<void> {
    const servers = [...this.#servers.values()]
    this.#servers.clear()
    const started = await Promise.allSettled(servers.map(({ starting }) => starting))
    const outcomes = await Promise.allSettled(
      started.map((outcome) => outcome.status === 'fulfilled' && outcome.value.stop()),
    )
    const closed = once(this.#listener, 'close')
    this.#listener.close()
    this.#listener.closeAllConnections()
    await closed
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const write = (line: HostLine) => response.write(`${JSON.stringify(line)}\n`)
    const say: Progress = (progress) => write({ progress })
    this.#listeners.add(say)
    try {
      write(await this.#result(request, response))
    } catch (error) {
      write({ error: (error as Error).message })
    } finally {
      this.#listeners.delete(say)
      if (request.method !== 'GET' && this.#servers.size === 0) {
        if (response.closed) this.onEmpty()
        else response.once('close', () => this.onEmpty())
      }
      response.end()
    }
  }

  async #result({ method, url = '/' }: IncomingMessage, response: ServerResponse): Promise<HostLine> {
    const kind = url.slice(1)
    if (method === 'GET' && kind === '') return { running: this.#running() }
    if (!isServerKind(kind)) throw new Error(`there is no server '${kind}'`)
    if (method === 'PUT') return { address: await this.#ensureFor(response, kind) }
    if (method !== 'DELETE') throw new Error(`${method} is not known`)
    await this.stop(kind)
    return { running: this.#running() }
  }

  /** Resolves when the server has started; rejects when the process that asked for it has ended before. */
  async #ensureFor(response: ServerResponse, kind: ServerKind): Promise<string> {
    const entry = this.#entry(kind)
    entry.waiting++
    let left = () => {}
    const gone = new Promise<never>((_, reject) => {
      left = () => reject(new Error('the one who asked is gone'))
      response.once('close', left)
    })
    try {
      return (await Promise.race([entry.starting, gone])).address
    } finally {
      response.off('close', left)
      entry.waiting--
      const isAbandoned = entry.waiting === 0 && entry.started === undefined
      if (isAbandoned && this.#servers.get(kind) === entry) await this.stop(kind)
    }
  }

  #running(): Running {
    const servers = [...this.#servers].map(
      ([kind, { started }]) =>
        [
          kind,
          started === undefined ? 'starting' : { address: started.address, source: started.source },
        ] as const,
    )
    return Object.fromEntries(servers)
  }

  #tell(line: string): void {
    for (const say of this.#listeners) say(line)
  }
}
