import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const pauseMs = 1
/** How long the threads of a process take to stop where Linux' process table is not there to tell. */
const elsewhereMs = 50

/**
 * Resolves when every thread of a process has stopped that was sent SIGSTOP, or when the process has ended. A thread that is in
 * a system call, such as a write, stops behind the call.
 */
export async function untilStopped(pid: number): Promise<void> {
  if (!existsSync('/proc/self/task')) return await sleep(elsewhereMs)
  while (threadStates(pid).some((state) => !'TtZX'.includes(state))) await sleep(pauseMs)
}

function threadStates(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => threadState(pid, thread))
  } catch {
    return []
  }
}

/** A letter: T is stopped, Z and X have ended. */
function threadState(pid: number, thread: string): string {
  try {
    // The thread's name, in parentheses, may itself contain spaces and parentheses.
    return /^.*\) (\S)/s.exec(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'))?.[1] ?? 'X'
  } catch {
    return 'X'
  }
}
