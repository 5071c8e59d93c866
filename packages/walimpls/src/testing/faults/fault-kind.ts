/**
 * The kinds of faults:
 *
 * - `fail`: the call rejects with `WAL_UNAVAILABLE` before anything is done; an append with outcome `not-written`
 * - `full`: the append rejects with `WAL_STORAGE_FULL` and outcome `not-written`, as on a full disk
 * - `delay`: the call is made later, by the runtime's timer
 * - `write-then-fail`: the call is made, then rejects with a driver's error, so that an append's outcome is unknown
 * - `duplicate`: the batch is stored twice; the ids answered are those of the second copy
 * - `duplicate-then-fail`: the batch is stored twice, then the append rejects with a driver's error
 * - `fence`: the append rejects with `WAL_FENCED` though there is no newer writer; so do all others until the log is opened again
 * - `truncate`: the scanner rejects with `WAL_POSITION_TRUNCATED`
 * - `cut`: a scanner gives the first half of a batch, then rejects with `WAL_UNAVAILABLE`; any other call settles only when its
 *   log or opener is closed, or its signal aborts
 * - `close`: the scanner ends by itself
 * - `hole`: the batch is not stored, and the append rejects, after the length of a `delay`, with outcome `not-written`; the
 *   batches that are in flight behind it are stored and acknowledged all the same. No backend may do so: with this kind a test
 *   shows that the adaptor ends the writer
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
  'hole',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

/** The kinds that can happen at each call of the contract. `next` is the method of a scanner. */
export const FAULTS_AT = {
  open: ['fail', 'delay', 'cut'],
  openReadOnly: ['fail', 'delay', 'cut'],
  list: ['fail', 'delay', 'cut'],
  delete: ['fail', 'delay', 'write-then-fail', 'cut'],
  append: [
    'fail',
    'delay',
    'write-then-fail',
    'duplicate',
    'duplicate-then-fail',
    'fence',
    'cut',
    'full',
    'hole',
  ],
  last: ['fail', 'delay', 'cut'],
  truncate: ['fail', 'delay', 'write-then-fail', 'cut'],
  next: ['fail', 'delay', 'truncate', 'cut', 'close'],
} as const satisfies Record<string, readonly FaultKind[]>

export type FaultyCall = keyof typeof FAULTS_AT

export const FAULTY_CALLS = Object.keys(FAULTS_AT) as FaultyCall[]
