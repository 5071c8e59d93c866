/**
 * The file operations that a log needs. Each states what is durable after it, so that a simulated disk can replace the real
 * one in tests. Errors are Node's (`code: 'ENOENT'` …). Paths are ordinary file-system paths.
 */
export interface FileSystem {
  /**
   * `read` opens an existing file read-only. `write` opens an existing file for reading and writing. `create` makes a new file
   * for reading and writing, and rejects with `EEXIST` when the file exists. `create` is atomic; it is the only lock that this
   * project uses.
   */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<File>
  /**
   * Whether a file exists. Synchronous on purpose: a writer asks this between the sync of a batch and its acknowledgement, and
   * a synchronous call costs 0.5 µs.
   */
  existsNow(path: string): boolean
  /**
   * The identity of the file at the path, as `identity` gives it, and its size in bytes; undefined when there is none.
   * Synchronous for the same reason as `existsNow`.
   */
  lookNow(path: string): { readonly identity: string; readonly size: number } | undefined
  /** A text that names the file or directory itself, by device and inode: the same for every path that leads to it. */
  identity(path: string): Promise<string>
  /** Whether other hosts may write to the path's file system (NFS, SMB and the like), as far as the system tells. */
  isShared(path: string): Promise<boolean>
  list(directory: string): Promise<string[]>
  /** Makes one directory, whose parent has to exist. Does nothing when the directory exists. */
  makeDirectory(path: string): Promise<void>
  /** Makes the names in a directory durable. A file that was created, renamed or removed needs this to survive a crash. */
  syncDirectory(path: string): Promise<void>
  /** Renames a file and replaces a file that has the new name. Needs no room on the disk except for the name. */
  rename(from: string, to: string): Promise<void>
  /** Gives a file a second name. Atomic; rejects with `EEXIST` when the name exists. Needs no inode. */
  link(file: string, path: string): Promise<void>
  remove(path: string, options?: { readonly recursive?: boolean }): Promise<void>
  /** Calls back soon after something in the directory changed. A call may come too often or be missing: poll as well. */
  watch(directory: string, changed: () => void): { close(): void }
}

export interface File {
  readonly path: string
  /** Reads from `position` until `into` is full or the file ends. Resolves to the number of bytes read. */
  read(into: Uint8Array, position: number): Promise<number>
  /** Resolves when all bytes are on stable storage. After a rejection any part of the bytes may have been written. */
  writeDurably(bytes: readonly Uint8Array[], position: number): Promise<void>
  /** Makes durable everything that any process has written to this file so far. */
  sync(): Promise<void>
  /** Cuts the file, or extends it with zeros. Durable after `sync`. */
  truncate(size: number): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}
