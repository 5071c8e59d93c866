const open = 'packages/core/src/adaptor/writer-open.ts'
const newer = 'packages/core/src/adaptor/newer-writer.ts'
const conformance = 'packages/impl-file/test/conformance.test.ts'
const fencing = 'packages/core/test/fencing.test.ts'

export const openMutants = [
  {
    name: 'no fence check: a newer writer not recognised',
    file: newer,
    find: '  return new WalError(',
    replace: '  if (mine.term >= 0) return undefined\n  return new WalError(',
    harness: fencing,
  },
  {
    name: 'a lower term opens over a higher one',
    file: open,
    find: '  if (term < highest)\n',
    replace: '  if (false)\n',
    harness: fencing,
  },
  {
    name: 'no second look on open',
    file: open,
    find: `retry(options.runtime, { signal, shouldRetry: mayPass }, () =>
        lookBack(written, open, end?.lastId, stored.id, writer),
      )`,
    replace: `retry(options.runtime, { signal, shouldRetry: mayPass }, async () => {
        return written && { timeTick: -1n, ownTerm: false, logIdentity: undefined }
      })`,
    harness: fencing,
  },
  {
    name: 'a time tick met on the second look not put below the own',
    file: open,
    find: ' && met.timeTick < opening.timeTick) {',
    replace: ') {',
    harness: fencing,
  },
  {
    name: 'two openers at next keep one term',
    file: open,
    find: "if (met.ownTerm && open.term === 'next') {",
    replace: 'if (false) {',
    harness: fencing,
  },
  {
    name: 'a lost fence looked into only once',
    file: open,
    find: 'for (let look = 0; look < 2; look++) {',
    replace: 'for (let look = 1; look < 2; look++) {',
    harness: fencing,
  },
  {
    name: 'a lost fence is a newer writer',
    file: open,
    find: '    if (fenced !== undefined) throw fenced\n',
    replace: "    throw fenced ?? new WalError('WAL_FENCED', where)\n",
    harness: fencing,
  },
  {
    name: 'a fence taken back is not followed by a look',
    file: 'packages/core/src/append/pipeline.ts',
    find: 'if (this.#unconfirmed) await this.#confirm(batch)',
    replace: '',
    harness: conformance,
  },
  {
    name: 'a late time tick vouches for itself',
    file: 'packages/core/src/adaptor/read-log-end.ts',
    find: 'const { previousTick } = lastRecord',
    replace:
      'const previousTick = isTimeTick(lastRecord) ? ids.serialise(lastRecord.id) : lastRecord.previousTick',
    harness: fencing,
  },
  {
    name: 'a log far ahead of the clock is opened',
    file: open,
    find: '.observe(end.timeTick, options.maxClockAheadMs, where)',
    replace: '.observe(end.timeTick, Number.MAX_SAFE_INTEGER, where)',
    harness: 'packages/core/test/clock.test.ts',
  },
]
