/** A running server. Tests call it; each kind of server adds the address that its clients need. */
export interface Server extends AsyncDisposable {
  readonly name: string
  /** Of the running process; undefined while it is killed. */
  readonly processId: number | undefined
  /** SIGKILL, also of a frozen server. Resolves when the process is gone; its data stays. */
  kill(): Promise<void>
  /** SIGTERM: the server's own orderly end. Resolves when the process is gone; its data stays. */
  shutDown(): Promise<void>
  /** Starts it again on the same ports and data, after ending it if it still runs. Resolves when it answers. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay open, nothing is answered. */
  freeze(): void
  /** SIGCONT. */
  thaw(): void
  /** Ends it and removes its data. Idempotent. */
  stop(): Promise<void>
  /** Everything that the server has printed, over all its starts; empty after `stop`. */
  logs(): string
}

/** Told what takes its time: downloads and starts. */
export type Progress = (line: string) => void
