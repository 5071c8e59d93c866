import type { AppendError, AppendOutcome, WalError } from '@wal/walimpls'
import { type ErrorRow, ErrorTable } from '@wal/walimpls/helper'

const PERMISSION = 'The process may not access it: give its user the right to read and write there.'
const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC:
    'The disk is full, or out of inodes: free space or truncate the log; appends go on by themselves then.',
  EDQUOT: 'The disk quota is used up: free space; appends go on by themselves then.',
  EIO: 'The disk reported an error: look into the kernel log and check the device.',
  EMFILE: 'This process has too many open files: raise its limit (ulimit -n).',
  ENFILE: 'The system has too many open files: raise fs.file-max.',
  EROFS: 'The file system is mounted read-only: an error of the device may have caused that.',
  ENOTDIR: 'A part of the path is a file: choose another path.',
  ENAMETOOLONG: 'The path is longer than the file system allows: choose a shorter one.',
  ELOOP: 'A symbolic link in the path leads back to itself: mend it or choose another path.',
  ENOENT:
    'It is not there: the parent folder must allow new folders, and a channel must not be removed while it is open.',
  EACCES: PERMISSION,
  EPERM: PERMISSION,
}
/** Codes of a system that is out of disk space, quota or inodes. */
const NO_ROOM = ['ENOSPC', 'EDQUOT']
/** Codes of failures that last until somebody changes something: trying again does not help. */
const FINAL = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']

const rows = Object.entries(ADVICE).map(([name, advice]): ErrorRow => {
  const code = NO_ROOM.includes(name) ? 'WAL_STORAGE_FULL' : 'WAL_UNAVAILABLE'
  return { names: [name], code, retryable: !FINAL.includes(name), advice }
})
const table = new ErrorTable({ rows, otherwise: () => ({ retryable: true }) })

/** A system error as a `WalError`; a `WalError` is answered as it is. `doing` begins the text: `reading data/orders/…`. */
export function mapError(error: unknown, doing: string): WalError {
  return table.map(error, doing)
}

/** As `mapError`, for an append: the error says the outcome. One that says an outcome already is answered as it is. */
export function mapAppendError(error: unknown, doing: string, outcome: AppendOutcome): AppendError {
  return table.mapAppend(error, doing, { outcome }) as AppendError
}

export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

export function isNoRoom(error: unknown): boolean {
  return NO_ROOM.includes(codeOf(error) ?? '')
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT'
}
