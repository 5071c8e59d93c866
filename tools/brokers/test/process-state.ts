import { readFileSync } from 'node:fs'

/** Whether a process exists and has not ended. A zombie has ended. */
export function isAlive(pid: number | undefined): boolean {
  return pid !== undefined && !['Z', 'gone'].includes(processState(pid))
}

/** The state of a process in Linux's process table: R runs, S sleeps, T is stopped, Z is a zombie. */
export function processState(pid: number): string {
  try {
    // The process's name, in parentheses, may itself contain spaces and parentheses.
    return /^.*\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? 'gone'
  } catch {
    return 'gone'
  }
}
