/**
 * What may go wrong:
 *
 * - `fail`: before anything is done; `WAL_UNAVAILABLE`, of an append with outcome `not-written`
 * - `full`: of an append; `WAL_STORAGE_FULL`, outcome `not-written`, as of a full disk
 * - `delay`: done later, by the runtime's timer
 * - `write-then-fail`: done, then a driver's error, so that the outcome counts as unknown
 * - `duplicate`: stored twice; the ids are those of the second copy
 * - `duplicate-then-fail`: stored twice, then a driver's error
 * - `fence`: `WAL_FENCED` though no newer writer is there; the log stays so until it is opened again
 * - `truncate`: the scanner gets `WAL_POSITION_TRUNCATED`
 * - `cut`: a scanner gives a part of a batch and breaks off with `WAL_UNAVAILABLE`; any other call settles only when what
 *   it was made on closes, or its signal aborts
 * - `close`: the scanner ends
 */
export const FAULT_KINDS = [
  'fail',
  'delay',
  'write-then-fail',
  'duplicate',
  'duplicate-then-fail',
  'fence',
  'truncate',
  'cut',
  'close',
  'full',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

/** Which kinds can happen at which call of the contract. `next` is the scanner's. */
export const FAULTS_AT = {
  open: ['fail', 'delay', 'cut'],
  openReadOnly: ['fail', 'delay', 'cut'],
  list: ['fail', 'delay', 'cut'],
  delete: ['fail', 'delay', 'write-then-fail', 'cut'],
  append: ['fail', 'delay', 'write-then-fail', 'duplicate', 'duplicate-then-fail', 'fence', 'cut', 'full'],
  last: ['fail', 'delay', 'cut'],
  truncate: ['fail', 'delay', 'write-then-fail', 'cut'],
  next: ['fail', 'delay', 'truncate', 'cut', 'close'],
} as const satisfies Record<string, readonly FaultKind[]>

export type FaultyCall = keyof typeof FAULTS_AT

export const FAULTY_CALLS = Object.keys(FAULTS_AT) as FaultyCall[]
