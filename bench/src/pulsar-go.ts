import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { CaseUnavailable } from './bench-case.js'

const SOURCES = fileURLToPath(new URL('../peers/pulsar-go/', import.meta.url))
const PROGRAM = `${SOURCES}dist/pulsar-go`

/** A process of `bench/peers/pulsar-go`, which measures Apache's own client for Go. It does a round for each line that it gets. */
export class PulsarGo {
  readonly #child: ChildProcess
  readonly #lines: Interface
  #waiting: { resolve(line: string): void; reject(error: Error): void } | undefined
  #gone: string | undefined

  private constructor(parameters: readonly string[]) {
    this.#child = spawn(PROGRAM, parameters, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })
    this.#lines.on('line', (line) => this.#waiting?.resolve(line))
    this.#child.on('error', (error) => this.#end(error.message))
    this.#child.on('exit', (code, signal) => this.#end(`pulsar-go ended with ${signal ?? code}`))
  }

  /** Builds the program, which takes minutes at the first time, and starts it. Rejects with `CaseUnavailable` without Go. */
  static start(...parameters: readonly string[]): PulsarGo {
    build()
    return new PulsarGo(parameters)
  }

  /** Does a round, and answers the milliseconds that it took. */
  async round(line: string): Promise<number> {
    const answered = new Promise<string>((resolve, reject) => {
      if (this.#gone !== undefined) return reject(new Error(this.#gone))
      this.#waiting = { resolve, reject }
    })
    this.#child.stdin?.write(`${line}\n`)
    return Number(await answered)
  }

  /** Ends the process. */
  async close(): Promise<void> {
    if (this.#gone !== undefined) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin?.end()
    await ended
    this.#lines.close()
  }

  #end(reason: string): void {
    this.#gone ??= reason
    this.#waiting?.reject(new Error(this.#gone))
  }
}

let built = false

function build(): void {
  if (built) return
  console.error('building bench/peers/pulsar-go')
  try {
    execFileSync('go', ['build', '-o', PROGRAM, '.'], {
      cwd: SOURCES,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new CaseUnavailable(
      'The peer is apache/pulsar-client-go, and Go is not installed here. Install Go 1.24 or newer, and run this case again.',
    )
  }
  built = true
}
