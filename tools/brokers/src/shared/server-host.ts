import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Progress } from '../server.js'
import { isServerKind, type ServerKind } from './server-kind.js'
import { type RunningServer, startShared } from './start-shared.js'

/** One line of the answer to a request: what is being done, then what came of it. */
export type HostLine =
  | { readonly progress: string }
  | { readonly address: string }
  | { readonly error: string }
  | { readonly running: Readonly<Record<string, { address: string; source: string }>> }

/**
 * Owns servers that several processes use: starts each kind when it is first asked for, and once. Listens on a
 * Unix socket, where `PUT /redis` starts, `DELETE /redis` stops, `GET /` lists; answers are JSON lines.
 */
export class ServerHost {
  readonly #listener: Server
  readonly #servers = new Map<ServerKind, { starting: Promise<RunningServer>; started?: RunningServer }>()
  readonly #listeners = new Set<Progress>()
  /** Called when the last server was stopped, or none could be started. */
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

  /** Starts the server unless it runs already; gives its address. */
  async ensure(kind: ServerKind): Promise<string> {
    let entry = this.#servers.get(kind)
    if (entry === undefined) {
      const created: { starting: Promise<RunningServer>; started?: RunningServer } = {
        starting: this.#start(kind, (line) => this.#tell(line)).then(
          (server) => {
            created.started = server
            return server
          },
          (error: unknown) => {
            // Whoever asks next tries again.
            this.#servers.delete(kind)
            throw error
          },
        ),
      }
      entry = created
      this.#servers.set(kind, entry)
    }
    return (await entry.starting).address
  }

  async stop(kind: ServerKind): Promise<void> {
    const entry = this.#servers.get(kind)
    if (entry === undefined) return
    this.#servers.delete(kind)
    await (await entry.starting).stop()
  }

  /** Stops every server, also one that is still starting, then stops listening. */
  async close(): Promise<void> {
    const outcomes = await Promise.allSettled([...this.#servers.keys()].map((kind) => this.stop(kind)))
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
      write(await this.#result(request))
    } catch (error) {
      write({ error: (error as Error).message })
    } finally {
      this.#listeners.delete(say)
      response.end()
      if (request.method !== 'GET' && this.#servers.size === 0) response.once('close', () => this.onEmpty())
    }
  }

  async #result({ method, url = '/' }: IncomingMessage): Promise<HostLine> {
    const kind = url.slice(1)
    if (method === 'GET' && kind === '') return { running: this.#running() }
    if (!isServerKind(kind)) throw new Error(`there is no server '${kind}'`)
    if (method === 'PUT') return { address: await this.ensure(kind) }
    if (method !== 'DELETE') throw new Error(`${method} is not known`)
    await this.stop(kind)
    return { running: this.#running() }
  }

  #running(): Record<string, { address: string; source: string }> {
    const started = [...this.#servers].flatMap(([kind, { started }]) =>
      started === undefined ? [] : [[kind, { address: started.address, source: started.source }] as const],
    )
    return Object.fromEntries(started)
  }

  #tell(line: string): void {
    for (const say of this.#listeners) say(line)
  }
}
