import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A TypeScript file as a process of its own, run on the sources; its standard output, line by line. */
export class Child {
  readonly #process: ChildProcess
  readonly #gone: Promise<unknown>
  #output = ''
  #waiting: (() => void)[] = []

  constructor(file: URL, parameters: readonly string[] = [], nodeOptions: readonly string[] = []) {
    this.#process = spawn(
      process.execPath,
      [...nodeOptions, '--import', 'tsx', fileURLToPath(file), ...parameters],
      {
        cwd: root,
        env: { ...process.env, TSX_TSCONFIG_PATH: `${root}tsconfig.json` },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    this.#gone = once(this.#process, 'close')
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text
      this.#wake()
    })
    this.#process.once('close', () => this.#wake())
  }

  /** Whole lines so far: one cut off by a kill says nothing. */
  get lines(): string[] {
    return this.#output.split('\n').slice(0, -1)
  }

  get exitCode(): number | null {
    return this.#process.exitCode
  }

  /** Resolves to the first line that starts with `beginning`, once it is there. Rejects when the process ends before. */
  async line(beginning: string): Promise<string> {
    for (;;) {
      const found = this.lines.find((line) => line.startsWith(beginning))
      if (found !== undefined) return found
      if (this.#process.exitCode !== null || this.#process.signalCode !== null)
        throw new Error(
          `the process ended without a line "${beginning}…"; it said: ${this.#output.slice(-500)}`,
        )
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.#process.kill(signal)
  }

  /** Ends it without a chance to clean up, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#gone
  }

  /** Resolves to the exit code when it has ended by itself. */
  async ended(): Promise<number | null> {
    await this.#gone
    return this.#process.exitCode
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
