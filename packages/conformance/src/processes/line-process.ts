import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { WakeList } from '@wal/walimpls/helper'

/** The program of a child process, and its arguments. */
export interface LineProgram {
  /** The arguments of Node: its own options, then the file, then the arguments of the program. */
  readonly args: readonly string[]
  readonly cwd?: string
  /** Variables in addition to the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * A child process that reports what it does in lines on its standard output. Its stderr is kept for errors.
 * Only whole lines are used: a process that is killed may leave a part of a line.
 */
export class LineProcess {
  readonly #process: ChildProcess
  readonly #gone: Promise<unknown>
  #rest = ''
  #complaints = ''
  readonly #changes = new WakeList()
  readonly #onLine: (line: string) => void

  constructor({ args, cwd, env }: LineProgram, onLine: (line: string) => void) {
    this.#onLine = onLine
    this.#process = spawn(process.execPath, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#gone = once(this.#process, 'close')
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => this.#hear(text))
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-2000)
    })
    this.#process.once('close', () => this.#changes.wake())
  }

  /** The last lines that the process printed on stderr. */
  get complaints(): string {
    return this.#complaints
  }

  /** The exit code; null while the process runs, and after a signal has ended it. */
  get exitCode(): number | null {
    return this.#process.exitCode
  }

  /** Resolves when the condition is true. Rejects when the process ends before. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      const { exitCode, signalCode } = this.#process
      if (exitCode !== null || signalCode !== null)
        throw new Error(
          `The child process ended too early, with ${exitCode ?? signalCode}. It printed on stderr: ${this.#complaints}`,
        )
      await this.#changes.next()
    }
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.#process.kill(signal)
  }

  /** Kills the process (SIGKILL). Resolves when it is gone and everything that it printed has been read. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#gone
  }

  /** Resolves to the exit code when the process has ended; to null when a signal ended it. */
  async ended(): Promise<number | null> {
    await this.#gone
    return this.#process.exitCode
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n')
    // The text behind the last line break is no whole line yet. It never becomes one if the process was killed while it
    // printed.
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#onLine(line)
    this.#changes.wake()
  }
}
