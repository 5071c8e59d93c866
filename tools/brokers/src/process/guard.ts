import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What has to be undone when this process ends and has not undone it itself. */
export type Undo =
  | { readonly processGroup: number }
  | { readonly folder: string }
  | { readonly command: readonly [string, ...string[]] }

const watchdogScript = fileURLToPath(new URL('./watchdog.mjs', import.meta.url))
const guarded = new Map<number, Undo>()
let watchdog: ChildProcess | undefined
let nextId = 1

/**
 * From now on `undo` happens even if this process is killed. Call the returned function once it has been done,
 * or need not be done any more.
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
    // A session of its own: the signal that ends this process's group must not reach it.
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  watchdog = child
  child.unref()
  // The pipe must not keep this process alive; its closing is the watchdog's only signal.
  ;(child.stdin as unknown as { unref(): void }).unref()
  // A broken pipe means that the watchdog is gone, which its exit says too.
  child.stdin?.on('error', () => {})
  child.on('exit', () => {
    if (watchdog === child) watchdog = undefined
  })
  for (const id of guarded.keys()) tell(child, id)
}

function tell(child: ChildProcess, id: number): void {
  child.stdin?.write(`${JSON.stringify({ id, undo: guarded.get(id) })}\n`)
}
