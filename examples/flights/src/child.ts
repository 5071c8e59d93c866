import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Child {
  send(message: object): void
  kill(): void
}

/**
 * Runs a file of the demo as a process. Resolves when the process has ended and all its reports have arrived: to `done`, or to
 * `killed` when it was killed through its handle. An abort of `signal` kills the process too.
 */
export async function runChild<Report>(
  file: string,
  job: object,
  signal: AbortSignal,
  onReport: (report: Report, child: Child) => void,
): Promise<'done' | 'killed'> {
  signal.throwIfAborted()
  // The loader for TypeScript need not be named: a fork inherits `process.execArgv`.
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(job)], {
    signal,
    killSignal: 'SIGKILL',
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let killed = false
  const handle: Child = {
    // The process may have ended already, so a failure to send is ignored. The exit event tells how it ended.
    send: (message) => void (child.connected && child.send(message, () => {})),
    kill: () => {
      killed = true
      child.kill('SIGKILL')
    },
  }
  child.on('message', (report) => onReport(report as Report, handle))
  const ending = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    // The process could not be started, or the signal has aborted. In the second case the exit event is still to come.
    child.on('error', (error) => child.pid === undefined && reject(error))
    child.on('close', (code, by) => resolve(by ?? code))
  })
  signal.throwIfAborted()
  if (ending === 0) return 'done'
  if (killed && ending === 'SIGKILL') return 'killed'
  throw new Error(`${file} ended with ${typeof ending === 'number' ? `exit code ${ending}` : ending}`)
}
