import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Child {
  send(message: object): void
  kill(): void
}

/**
 * Runs one of our files as a process of its own. Resolves when it has ended and all its reports are in: to `done`, or to
 * `killed` if that was done through its handle. An abort of `signal` ends it too.
 */
export async function runChild<Report>(
  file: string,
  job: object,
  signal: AbortSignal,
  onReport: (report: Report, child: Child) => void,
): Promise<'done' | 'killed'> {
  signal.throwIfAborted()
  // The loader that runs TypeScript comes along by itself: a fork inherits `process.execArgv`.
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(job)], {
    signal,
    killSignal: 'SIGKILL',
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let killed = false
  const handle: Child = {
    // A process that is gone by now needs no message; how it ended is told below.
    send: (message) => void (child.connected && child.send(message, () => {})),
    kill: () => {
      killed = true
      child.kill('SIGKILL')
    },
  }
  child.on('message', (report) => onReport(report as Report, handle))
  const ending = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    // Not started, or aborted; in the latter case it is still to end.
    child.on('error', (error) => child.pid === undefined && reject(error))
    child.on('close', (code, by) => resolve(by ?? code))
  })
  signal.throwIfAborted()
  if (ending === 0) return 'done'
  if (killed && ending === 'SIGKILL') return 'killed'
  throw new Error(`${file} ended with ${typeof ending === 'number' ? `exit code ${ending}` : ending}`)
}
