import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { WakeList } from '@wal/walimpls/helper'
import type { ProcessOptions } from '../kit/conformance-options.js'
import type { ProcessLine, ProcessTask } from './process-task.js'

/** A child process that uses the backend, and the lines that it has printed. */
export class Child {
  /** The text of the last line in which the process told how its task ended. */
  ending: string | undefined
  /** The process has printed that its program runs. */
  started = false
  readonly #process: ChildProcess
  readonly #gone: Promise<unknown>
  #rest = ''
  #complaints = ''
  readonly #changes = new WakeList()

  readonly #onLine: (line: ProcessLine) => void

  constructor(
    { module, execArgv = process.execArgv, env = {} }: ProcessOptions,
    task: ProcessTask,
    onLine: (line: ProcessLine) => void = () => {},
  ) {
    this.#onLine = onLine
    const path = module instanceof URL || module.startsWith('file:') ? fileURLToPath(module) : module
    this.#process = spawn(process.execPath, [...execArgv, path, JSON.stringify(task)], {
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

  get complaints(): string {
    return this.#complaints
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

  stop(): void {
    this.#process.kill('SIGSTOP')
  }

  goOn(): void {
    this.#process.kill('SIGCONT')
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
    // The last piece is not a whole line yet. It never becomes one when the process was killed while it printed.
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const said = JSON.parse(line) as ProcessLine
      if ('started' in said) this.started = true
      if ('ended' in said) this.ending = said.ended
      this.#onLine(said)
    }
    this.#changes.wake()
  }
}
