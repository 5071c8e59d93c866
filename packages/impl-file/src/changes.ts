import type { Runtime } from '@wal/walimpls'
import { onAbort } from '@wal/walimpls/helper'

/** A watch may miss changes (and does on some file systems); asking this often costs an idle reader next to nothing. */
const POLL_MS = 100

/** Tells the readers of one log that something may have been written to it, by this process or another. */
export class Changes {
  #count = 0
  #users = 0
  #watcher: { close(): void } | undefined
  readonly #waiting = new Set<() => void>()
  readonly #runtime: Runtime
  readonly #directory: string

  constructor(runtime: Runtime, directory: string) {
    this.#runtime = runtime
    this.#directory = directory
  }

  /** To be noted before looking, and given to `wait` if there was nothing: what changes in between is then not missed. */
  get version(): number {
    return this.#count
  }

  notify(): void {
    this.#count++
    for (const wake of this.#waiting) wake()
  }

  /** A reader begins. Watching stops with the last `leave`. */
  enter(): void {
    this.#users++
    this.#startWatching()
  }

  leave(): void {
    this.#users--
    if (this.#users > 0) return
    this.#watcher?.close()
    this.#watcher = undefined
  }

  /** Resolves after a change since `seen`, when it is time to look anyway, or on abort. */
  wait(seen: number, signal: AbortSignal): Promise<void> {
    if (this.#count !== seen || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake)
        timer.clear()
        stop()
        resolve()
      }
      const timer = this.#runtime.setTimeout(wake, POLL_MS)
      this.#waiting.add(wake)
      let stop = () => {}
      stop = onAbort(signal, wake)
    })
  }

  #startWatching(): void {
    try {
      this.#watcher ??= this.#runtime.files.watch(this.#directory, () => this.notify())
    } catch {
      // Out of inotify watches, or no such folder yet: polling does it.
    }
  }
}
