import type { AppendError, AppendOutcome, WalError } from '@wal/walimpls'
import { type ErrorRow, ErrorTable } from '@wal/walimpls/helper'

/** The disk, its quota or its inodes are used up. */
const NO_ROOM = ['ENOSPC', 'EDQUOT']

const full = { code: 'WAL_STORAGE_FULL', retryable: true } as const
const passing = { retryable: true } as const
/** What no repetition mends: somebody has to change something first. */
const final = { retryable: false } as const

const rows: readonly ErrorRow[] = [
  {
    names: ['ENOSPC'],
    ...full,
    advice:
      'The disk is full, or out of inodes: free space or truncate the log; appends go on by themselves then.',
  },
  {
    names: NO_ROOM,
    ...full,
    advice: 'The disk quota is used up: free space; appends go on by themselves then.',
  },
  {
    names: ['EIO'],
    ...passing,
    advice: 'The disk reported an error: look into the kernel log and check the device.',
  },
  {
    names: ['EMFILE'],
    ...passing,
    advice: 'This process has too many open files: raise its limit (ulimit -n).',
  },
  { names: ['ENFILE'], ...passing, advice: 'The system has too many open files: raise fs.file-max.' },
  {
    names: ['ENOENT'],
    ...passing,
    advice:
      'It is not there: the parent folder must allow new folders, and a channel must not be removed while it is open.',
  },
  {
    names: ['EACCES', 'EPERM'],
    ...final,
    advice: 'The process may not access it: give its user the right to read and write there.',
  },
  {
    names: ['EROFS'],
    ...final,
    advice: 'The file system is mounted read-only: an error of the device may have caused that.',
  },
  { names: ['ENOTDIR'], ...final, advice: 'A part of the path is a file: choose another path.' },
  {
    names: ['ENAMETOOLONG'],
    ...final,
    advice: 'The path is longer than the file system allows: choose a shorter one.',
  },
  {
    names: ['ELOOP'],
    ...final,
    advice: 'A symbolic link in the path leads back to itself: mend it or choose another path.',
  },
]

const table = new ErrorTable({ rows, otherwise: () => passing })

/** A system error as one of ours; errors of ours pass. `doing` begins the sentence: `reading data/orders/…`. */
export function mapError(error: unknown, doing: string): WalError {
  return table.map(error, doing)
}

/** The same for an append. An error that already says its outcome keeps it. */
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
