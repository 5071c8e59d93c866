import type { Runtime } from '@wal/walimpls'
import { Bell, type WakeUpListener } from '@wal/walimpls/helper'

/**
 * How often a waiting reader looks by itself, since a watch misses changes on some file systems. It costs next to nothing.
 */
const POLL_MS = 100

/** Tells the readers of one log that something may have been written to it, by this process or another. */
export class Changes {
  readonly #bell = new Bell()
  #readers = 0
  #watcher: { close(): void } | undefined
  readonly #runtime: Runtime
  readonly #directory: string

  constructor(runtime: Runtime, directory: string) {
    this.#runtime = runtime
    this.#directory = directory
  }

  notify(): void {
    this.#bell.ring()
  }

  /** A reader begins. Watching stops when the last one has left. */
  listener(): WakeUpListener {
    this.#readers++
    this.#startWatching()
    const listener = this.#bell.listener(this.#runtime)
    return {
      heard: () => listener.heard(),
      wait: (signal) => listener.wait(signal, POLL_MS),
      leave: () => this.#leave(),
    }
  }

  #leave(): void {
    this.#readers--
    if (this.#readers > 0) return
    this.#watcher?.close()
    this.#watcher = undefined
  }

  #startWatching(): void {
    try {
      this.#watcher ??= this.#runtime.files.watch(this.#directory, () => this.notify())
    } catch {
      // The system has no inotify watches left, or there is no such folder yet: readers look by themselves then.
    }
  }
}
