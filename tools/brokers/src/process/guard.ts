import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Actions that have to be undone when this process ends without having undone them. */
export type Undo =
  | { readonly processGroup: number }
  | { readonly folder: string }
  | { readonly command: readonly [string, ...string[]] }

const watchdogScript = fileURLToPath(new URL('./watchdog.mjs', import.meta.url))
const guarded = new Map<number, Undo>()
let watchdog: ChildProcess | undefined
let nextId = 1

/**
 * Makes sure that `undo` happens, even when this process is killed. The returned function is to be called when `undo` was done,
 * or is not needed any more.
 */
export function guard(undo: Undo): () => void {
  const id = nextId++
  guarded.set(id, undo)
  if (watchdog === undefined) startWatchdog()
  else tell(watchdog, id)
  return () => {
    if (guarded.delete(id) && watchdog !== undefined) tell(watchdog, id)
  }
}

function startWatchdog(): void {
  const child = spawn(process.execPath, [watchdogScript], {
    // The watchdog gets its own session: a signal that ends the process group of this process must not reach it.
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  watchdog = child
  child.unref()
  // The pipe does not keep this process alive. When this process ends, the pipe closes, which tells the watchdog to act.
  ;(child.stdin as unknown as { unref(): void }).unref()
  // A write to a watchdog that has ended fails. Its exit event reports the same, so the error is ignored here.
  child.stdin?.on('error', () => {})
  child.on('exit', () => {
    if (watchdog === child) watchdog = undefined
  })
  for (const id of guarded.keys()) tell(child, id)
}

function tell(child: ChildProcess, id: number): void {
  child.stdin?.write(`${JSON.stringify({ id, undo: guarded.get(id) })}\n`)
}
