import { fileURLToPath } from 'node:url'
import type { ProcessOptions } from '../kit/conformance-options.js'
import { LineProcess } from './line-process.js'
import type { ProcessLine, ProcessTask } from './process-task.js'

/** A child process that uses the backend, and the lines that it has printed. */
export class Child {
  /** The text of the last line that the process printed, which says how its task ended. */
  ending: string | undefined
  /** Whether the process has printed that its program is running. */
  started = false
  readonly #process: LineProcess

  constructor(
    { module, execArgv = process.execArgv, env = {} }: ProcessOptions,
    task: ProcessTask,
    onLine: (line: ProcessLine) => void = () => {},
  ) {
    const path = module instanceof URL || module.startsWith('file:') ? fileURLToPath(module) : module
    this.#process = new LineProcess({ args: [...execArgv, path, JSON.stringify(task)], env }, (text) => {
      const line = JSON.parse(text) as ProcessLine
      if ('started' in line) this.started = true
      if ('ended' in line) this.ending = line.ended
      onLine(line)
    })
  }

  get complaints(): string {
    return this.#process.complaints
  }

  /** Resolves when the condition is true. Rejects when the process ends before. */
  until(condition: () => boolean): Promise<void> {
    return this.#process.until(condition)
  }

  stop(): void {
    this.#process.signal('SIGSTOP')
  }

  goOn(): void {
    this.#process.signal('SIGCONT')
  }

  /** Kills the process (SIGKILL). Resolves when it is gone and everything that it printed has been read. */
  kill(): Promise<void> {
    return this.#process.kill()
  }

  /** Resolves to the exit code when the process has ended; to null when a signal ended it. */
  ended(): Promise<number | null> {
    return this.#process.ended()
  }
}
