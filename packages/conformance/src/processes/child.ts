import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { WakeList } from '@wal/walimpls/helper'
import type { ProcessOptions } from '../kit/conformance-options.js'
import type { ProcessLine, ProcessTask } from './process-task.js'

/** A process that runs the backend, and what it has said. */
export class Child {
  /** What it said last about its own end. */
  ending: string | undefined
  /** Its program runs. */
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

  /** Rejects when it has ended before. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      const { exitCode, signalCode } = this.#process
      if (exitCode !== null || signalCode !== null)
        throw new Error(`the process ended (${exitCode ?? signalCode}): ${this.#complaints}`)
      await this.#changes.next()
    }
  }

  stop(): void {
    this.#process.kill('SIGSTOP')
  }

  goOn(): void {
    this.#process.kill('SIGCONT')
  }

  /** Without a chance to clean up. Resolves when it is gone and all that it said is heard. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#gone
  }

  /** Its exit code, when it has ended by itself. */
  async ended(): Promise<number | null> {
    await this.#gone
    return this.#process.exitCode
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n')
    // One that a kill cut off says nothing.
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
