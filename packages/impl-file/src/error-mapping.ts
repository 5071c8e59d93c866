import { AppendError, type AppendOutcome, WalError } from '@wal/walimpls'

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC:
    'The disk is full, or out of inodes: free space or truncate the log; appends go on by themselves then.',
  EDQUOT: 'The disk quota is used up: free space; appends go on by themselves then.',
  EIO: 'The disk reported an error: look into the kernel log and check the device.',
  EMFILE: 'This process has too many open files: raise its limit (ulimit -n).',
  ENFILE: 'The system has too many open files: raise fs.file-max.',
  EACCES: 'The process may not access it: give its user the right to read and write there.',
  EPERM: 'The process may not access it: give its user the right to read and write there.',
  EROFS: 'The file system is mounted read-only: an error of the device may have caused that.',
  ENOTDIR: 'A part of the path is a file: choose another path.',
  ENAMETOOLONG: 'The path is longer than the file system allows: choose a shorter one.',
  ELOOP: 'A symbolic link in the path leads back to itself: mend it or choose another path.',
  ENOENT:
    'It is not there: the parent folder must allow new folders, and a channel must not be removed while it is open.',
}
/** The disk, its quota or its inodes are used up. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT'])
/** What no repetition mends: somebody has to change something first. */
const FINAL = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'])

/** A system error as one of ours; errors of ours pass. `doing` begins the sentence: `reading data/orders/…`. */
export function mapError(error: unknown, doing: string): WalError {
  if (WalError.isInstance(error)) return error
  const code = codeOf(error)
  return new WalError(
    isNoRoom(error) ? 'WAL_STORAGE_FULL' : 'WAL_UNAVAILABLE',
    sentence(doing, code, error),
    {
      cause: error,
      retryable: code === undefined || !FINAL.has(code),
    },
  )
}

/** The same for an append. An error that already says its outcome keeps it. */
export function mapAppendError(error: unknown, doing: string, outcome: AppendOutcome): AppendError {
  if (WalError.isInstance(error)) {
    if ((error as Partial<AppendError>).outcome !== undefined) return error as AppendError
    return new AppendError(error.code, error.message, { outcome, retryable: error.retryable, cause: error })
  }
  const mapped = mapError(error, doing)
  return new AppendError(mapped.code, mapped.message, { outcome, retryable: mapped.retryable, cause: error })
}

export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

export function isNoRoom(error: unknown): boolean {
  return NO_ROOM.has(codeOf(error) ?? '')
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT'
}

function sentence(doing: string, code: string | undefined, error: unknown): string {
  const advice = code === undefined ? undefined : ADVICE[code]
  const said = error instanceof Error ? error.message : String(error)
  return `${doing} failed: ${said}${advice === undefined ? '' : `. ${advice}`}`
}
