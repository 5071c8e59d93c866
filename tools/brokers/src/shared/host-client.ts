import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { createInterface } from 'node:readline'
import type { Progress } from '../server.js'
import type { HostLine, Running } from './server-host.js'
import type { ServerKind } from './server-kind.js'

/** A client of the `ServerHost` in another process. */
export class HostClient {
  readonly #socketPath: string

  constructor(socketPath: string) {
    this.#socketPath = socketPath
  }

  async ensure(kind: ServerKind, say: Progress = () => {}): Promise<string> {
    const answer = await this.#ask('PUT', kind, say)
    if ('address' in answer) return answer.address
    throw new Error(`unexpected answer ${JSON.stringify(answer)}`)
  }

  async stop(kind: ServerKind): Promise<void> {
    await this.#ask('DELETE', kind, () => {})
  }

  /** The servers that run; undefined when no host listens. */
  async running(): Promise<Running | undefined> {
    try {
      const answer = await this.#ask('GET', '', () => {})
      return 'running' in answer ? answer.running : {}
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined
      throw error
    }
  }

  async #ask(method: string, kind: string, say: Progress): Promise<HostLine> {
    // Without an agent the connection is closed after the answer. An open connection would keep the process alive that runs the
    // test servers.
    const options = { socketPath: this.#socketPath, agent: false, method, path: `/${kind}` } as const
    const sent = request(options).end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    let last: HostLine | undefined
    for await (const line of createInterface({ input: response })) {
      last = JSON.parse(line) as HostLine
      if ('progress' in last) say(last.progress)
    }
    if (last === undefined || 'progress' in last) throw new Error('the host of the servers ended meanwhile')
    if ('error' in last) throw new Error(last.error)
    return last
  }
}
