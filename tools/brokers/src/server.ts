/** A running server, for tests. Each kind of server adds the address that its clients need. */
export interface Server extends AsyncDisposable {
  readonly name: string
  /** The process id; undefined while the server is killed. */
  readonly processId: number | undefined
  /**
   * Kills the process (SIGKILL), also when it is frozen. Resolves when the process is gone. The data stays. Pulsar is killed at
   * a moment at which its bookie has not cut a record of its journal in two: that ledger would never open again.
   */
  kill(): Promise<void>
  /** Stops the process in the server's orderly way (SIGTERM). Resolves when the process is gone. The data stays. */
  shutDown(): Promise<void>
  /** Starts the server again on the same ports and data, and ends it before if it still runs. Resolves when it answers. */
  restart(): Promise<void>
  /** Freezes the process (SIGSTOP): its connections stay open, and it answers nothing. */
  freeze(): void
  /** Lets a frozen process continue (SIGCONT). */
  thaw(): void
  /**
   * Shuts the server down, copies its data, and starts it again; Pulsar, whose start takes long, is only frozen meanwhile. A
   * killed server is copied as it was killed. Resolves when the server answers.
   */
  saveData(): Promise<SavedData>
  /** Ends the server and removes its data. Idempotent. */
  stop(): Promise<void>
  /** All output of the server, over all its starts. Empty after `stop`. */
  logs(): string
}

/** A copy of a server's data. It exists until the server is stopped. */
export interface SavedData {
  /**
   * Kills the server and starts it again on the data as they were copied: what was stored since is lost. May be called more than
   * once. Resolves when the server answers.
   */
  putBack(): Promise<void>
}

/** Called before something that takes long, such as a download or a start. */
export type Progress = (line: string) => void
