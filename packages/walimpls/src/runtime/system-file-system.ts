import { statSync, watch } from 'node:fs'
import {
  constants,
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  statfs,
} from 'node:fs/promises'
import type { File, FileSystem } from './file-system.js'

/**
 * Linux: `O_DSYNC` makes a write durable in one call, which is faster than `write` and `fdatasync`
 * (6,100 against 4,800 single appends a second, `docs/decisions/file-format.md`). Elsewhere the flag is missing or
 * means less than `fdatasync` (macOS needs F_FULLFSYNC, which libuv's fdatasync asks for).
 */
const dataSyncFlag = process.platform === 'linux' ? constants.O_DSYNC : 0

const flags = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR | dataSyncFlag,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | dataSyncFlag,
} as const

/**
 * Types of file systems that several hosts may have mounted, as Linux numbers them (`statfs(2)`): NFS, SMB, SMB2, CIFS,
 * AFS, Ceph, Lustre, GFS2, OCFS2, 9P. Other systems number theirs in their own way and are taken for local.
 */
const SHARED = new Set([
  0x6969, 0x517b, 0xfe534d42, 0xff534d42, 0x5346414f, 0x00c36400, 0x0bd00bd0, 0x01161970, 0x7461636f,
  0x01021997,
])

export const systemFileSystem: FileSystem = {
  open: async (path, mode) => systemFile(path, await open(path, flags[mode], 0o640)),
  existsNow: (path) => statSync(path, { throwIfNoEntry: false }) !== undefined,
  lookNow(path) {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false })
    return found && { identity: `${found.dev}:${found.ino}`, size: Number(found.size) }
  },
  async identity(path) {
    const { dev, ino } = await stat(path, { bigint: true })
    return `${dev}:${ino}`
  },
  async isShared(path) {
    if (process.platform !== 'linux') return false
    const { type } = await statfs(path)
    // A 32-bit number, which some kernels report with its sign.
    return SHARED.has(type >>> 0)
  },
  list: (directory) => readdir(directory),
  makeDirectory: async (path) => {
    // Not `recursive`: Node's loops forever where the kernel answers ENOENT under an existing parent (/proc, seen).
    try {
      await mkdir(path, { mode: 0o750 })
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EEXIST') throw error
    }
  },
  async syncDirectory(path) {
    // Windows can't open a directory; NTFS journals names by itself.
    if (process.platform === 'win32') return
    const directory = await open(path, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  },
  rename: (from, to) => rename(from, to),
  link: (file, path) => link(file, path),
  remove: (path, options) => rm(path, { recursive: options?.recursive ?? false }),
  watch(directory, changed) {
    const watcher = watch(directory, { persistent: false }, changed)
    // A watch is a hint beside polling: one that breaks (out of inotify instances, directory removed) may go quiet.
    watcher.on('error', () => watcher.close())
    return watcher
  },
}

function systemFile(path: string, handle: FileHandle): File {
  return {
    path,
    async read(into, position) {
      let filled = 0
      while (filled < into.length) {
        const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return filled
    },
    async writeDurably(bytes, position) {
      let at = position
      let rest = bytes
      while (rest.length > 0) {
        const { bytesWritten } =
          rest.length === 1
            ? await handle.write(rest[0] as Uint8Array, 0, (rest[0] as Uint8Array).length, at)
            : await handle.writev(rest, at)
        at += bytesWritten
        rest = after(rest, bytesWritten)
      }
      if (dataSyncFlag === 0) await handle.datasync()
    },
    sync: () => handle.datasync(),
    truncate: (size) => handle.truncate(size),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  }
}

/** What is left of `bytes` after the first `count` (a write may be short, when the disk is nearly full say). */
function after(bytes: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count
  for (let i = 0; i < bytes.length; i++) {
    const chunk = bytes[i] as Uint8Array
    if (left < chunk.length) return [chunk.subarray(left), ...bytes.slice(i + 1)]
    left -= chunk.length
  }
  return []
}
