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
 * On Linux `O_DSYNC` makes a write durable in one call. That is faster than `write` followed by `fdatasync`: 6,100 instead of
 * 4,800 single appends a second (`docs/decisions/file-format.md`). Other systems do not have the flag, or it promises less than
 * `fdatasync`: macOS needs F_FULLFSYNC, which libuv's fdatasync uses.
 */
const dataSyncFlag = process.platform === 'linux' ? constants.O_DSYNC : 0

const flags = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR | dataSyncFlag,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | dataSyncFlag,
} as const

/**
 * The file systems that several hosts can have mounted, by the numbers of Linux (`statfs(2)`): NFS, SMB, SMB2, CIFS, AFS, Ceph,
 * Lustre, GFS2, OCFS2, 9P. Other operating systems have other numbers; there every file system counts as local.
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
    // The type is a 32-bit number. Some kernels report it as a negative one.
    return SHARED.has(type >>> 0)
  },
  list: (directory) => readdir(directory),
  makeDirectory: async (path) => {
    // Without `recursive`: Node's recursive mkdir loops forever where the kernel answers ENOENT under an existing parent, as it
    // does in /proc.
    try {
      await mkdir(path, { mode: 0o750 })
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EEXIST') throw error
    }
  },
  async syncDirectory(path) {
    // Windows cannot open a directory. NTFS makes names durable by itself.
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
    // A watch may break, when the directory is removed or the system has no inotify instance left. It then reports nothing
    // more, which is allowed: users of a watch poll as well.
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

/** The rest of `bytes` without the first `count`. A write may store fewer bytes than asked, when the disk is nearly full, say. */
function after(bytes: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count
  for (let i = 0; i < bytes.length; i++) {
    const chunk = bytes[i] as Uint8Array
    if (left < chunk.length) return [chunk.subarray(left), ...bytes.slice(i + 1)]
    left -= chunk.length
  }
  return []
}
