/**
 * The file operations a log needs, with durability spelt out, so that a simulated disk can take the real one's place.
 * Errors are Node's (`code: 'ENOENT'` …). Paths are ordinary file-system paths.
 */
export interface FileSystem {
  /**
   * `read`: an existing file, read-only. `write`: an existing file, read and write.
   * `create`: a new file, read and write; `EEXIST` when there is one (atomic: the only lock that this project uses).
   */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<File>
  /** Synchronous on purpose: a writer looks for its successor between sync and ack (0.5 µs). */
  existsNow(path: string): boolean
  /**
   * What lies at the path now: the file itself, named as by `identity`, and its size in bytes. Undefined when nothing lies
   * there. Synchronous for the same reason.
   */
  lookNow(path: string): { readonly identity: string; readonly size: number } | undefined
  /** Names the file or directory itself, by whatever path it is reached: device and inode. */
  identity(path: string): Promise<string>
  /** Whether other hosts may write to the file system that the path lies on (NFS, SMB and their like), as far as it tells. */
  isShared(path: string): Promise<boolean>
  list(directory: string): Promise<string[]>
  /** One directory, whose parent is there. Nothing happens when it exists. */
  makeDirectory(path: string): Promise<void>
  /** A created, renamed or removed name is durable only after its directory is synced. */
  syncDirectory(path: string): Promise<void>
  /** Replaces what has the new name. Needs room for nothing but the name. */
  rename(from: string, to: string): Promise<void>
  /** Another name for a file. `EEXIST` when there is one (atomic); needs no inode. */
  link(file: string, path: string): Promise<void>
  remove(path: string, options?: { readonly recursive?: boolean }): Promise<void>
  /** Calls back, soon and possibly more often than needed, after something in the directory changed. A hint: poll as well. */
  watch(directory: string, changed: () => void): { close(): void }
}

export interface File {
  readonly path: string
  /** Fills `into` from `position` as far as the file goes; resolves to the number of bytes read. */
  read(into: Uint8Array, position: number): Promise<number>
  /** Resolves when all the bytes are on stable storage. After a rejection nothing is known about them. */
  writeDurably(bytes: readonly Uint8Array[], position: number): Promise<void>
  /** Makes durable what any process has written to this file so far. */
  sync(): Promise<void>
  /** Cuts (or extends with zeros); durable after `sync`. */
  truncate(size: number): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}
