import { readFileSync } from 'node:fs'

/** Whether a process exists and has not ended; a zombie has. */
export function isAlive(pid: number | undefined): boolean {
  return pid !== undefined && !['Z', 'gone'].includes(processState(pid))
}

/** The state letter of Linux's process table: R runs, S sleeps, T is stopped, Z is a zombie. */
export function processState(pid: number): string {
  try {
    // The name in parentheses may hold spaces and parentheses itself.
    return /^.*\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? 'gone'
  } catch {
    return 'gone'
  }
}
