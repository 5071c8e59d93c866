import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { CaseReply, CaseRequest, RoundTime } from './case-process.js'

/** One side of a comparison: a process whose working directory is the working tree or the clone. */
export class Side {
  readonly #child: ChildProcess
  #gone: string | undefined
  #waiting: ((reply: CaseReply) => void) | undefined

  /** `folder` is the folder `bench/src` of this side. */
  constructor(folder: string, environment: Readonly<Record<string, string>> = {}) {
    const root = join(folder, '../..')
    this.#child = fork(join(folder, 'against/case-process.ts'), {
      cwd: root,
      execArgv: [...process.execArgv, '--expose-gc'],
      env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'bench/tsconfig.json'), ...environment },
    })
    this.#child.on('message', (reply: CaseReply) => this.#settle(reply))
    this.#child.on('error', (error) => this.#end(error.message))
    this.#child.on('exit', (code, signal) => this.#end(`its process ended with ${signal ?? code}`))
  }

  async list(folder: string): Promise<readonly string[]> {
    return (await this.#ask({ kind: 'list', folder })).names ?? []
  }

  async prepare(name: string, folder: string): Promise<void> {
    await this.#ask({ kind: 'prepare', name, folder })
  }

  async round(count: number): Promise<RoundTime> {
    return (await this.#ask({ kind: 'round', count })).time as RoundTime
  }

  /** Closes what the case has open, and ends the process. Never rejects. */
  async close(): Promise<void> {
    await this.#ask({ kind: 'close' }).catch(() => {})
    if (this.#gone !== undefined) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill()
    await ended
  }

  #ask(request: CaseRequest): Promise<CaseReply> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) return reject(new Error(this.#gone))
      this.#waiting = (reply) => (reply.error === undefined ? resolve(reply) : reject(new Error(reply.error)))
      this.#child.send(request)
    })
  }

  #settle(reply: CaseReply): void {
    const settle = this.#waiting
    this.#waiting = undefined
    settle?.(reply)
  }

  #end(reason: string): void {
    this.#gone ??= reason
    this.#settle({ error: reason })
  }
}
