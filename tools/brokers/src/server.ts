/** A running server, for tests. Each kind of server adds the address that its clients need. */
export interface Server extends AsyncDisposable {
  readonly name: string
  /** The process id; undefined while the server is killed. */
  readonly processId: number | undefined
  /** Kills the process (SIGKILL), also when it is frozen. Resolves when the process is gone. The data stays. */
  kill(): Promise<void>
  /** Stops the process in the server's orderly way (SIGTERM). Resolves when the process is gone. The data stays. */
  shutDown(): Promise<void>
  /** Starts the server again on the same ports and data, and ends it before if it still runs. Resolves when it answers. */
  restart(): Promise<void>
  /** Freezes the process (SIGSTOP): its connections stay open, and it answers nothing. */
  freeze(): void
  /** Lets a frozen process continue (SIGCONT). */
  thaw(): void
  /** Ends the server and removes its data. Idempotent. */
  stop(): Promise<void>
  /** All output of the server, over all its starts. Empty after `stop`. */
  logs(): string
}

/** Called before something that takes long, such as a download or a start. */
export type Progress = (line: string) => void
