const open = 'packages/core/src/writer/writer-open.ts'
const recoveryPoint = 'packages/core/src/log/recovery-point.ts'
const recovery = 'packages/core/test/recovery-point/recovery.test.ts'
const newer = 'packages/core/src/log/newer-writer.ts'
const fencing = 'packages/core/test/fencing.test.ts'
const forward = 'packages/core/src/log/look-forward.ts'
const trust = 'packages/core/src/append/answer-trust.ts'
const lostEnd = 'packages/core/test/lost-end.test.ts'
const doubt = 'packages/core/test/fence-doubt.test.ts'
const schedule = 'packages/core/src/writer/look-schedule.ts'
const knownEnd = 'packages/core/test/readers/known-end.test.ts'
const range = 'packages/core/src/log/range-scanner.ts'
const rangeTest = 'packages/core/src/log/range-scanner.test.ts'
const scheduleTest = 'packages/core/src/writer/look-schedule.test.ts'

export const openMutants = [
  {
    name: 'a search begins from its start after each failure',
    file: range,
    find: 'if (this.#last === undefined || !this.#advanced || !mayPass(error)) throw error',
    replace: 'throw error',
    harness: 'packages/core/test/broken-looks.test.ts',
  },
  {
    name: 'a search goes on at whatever record stands at its place',
    file: range,
    find: 'if (first === undefined || !this.#isLast(first)) throw',
    replace: 'if (first === undefined) throw',
    harness: rangeTest,
  },
  {
    name: 'a search that finds its place gone is at the end of the log',
    file: range,
    find: 'if (first === undefined || !this.#isLast(first)) throw this.#failure.error',
    replace: 'if (first === undefined) return batch\n    if (!this.#isLast(first)) throw this.#failure.error',
    harness: rangeTest,
  },
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
    find: 'retry(options.runtime, outlasting(open), () => lookBack(view, end, own))',
    replace: `retry(options.runtime, outlasting(open), async () => {
        return view && own && { timeTick: -1n, ownTerm: false, logIdentity: undefined, states: [] }
      })`,
    harness: fencing,
  },
  {
    name: 'a time tick found by the second look not put below the own',
    file: open,
    find: ' && between.timeTick < openingTick) {',
    replace: ') {',
    harness: fencing,
  },
  {
    name: 'two openers at next keep one term',
    file: open,
    find: "if (between.ownTerm && open.term === 'next') {",
    replace: 'if (false) {',
    harness: fencing,
  },
  {
    name: 'a lost fence looked into only once',
    file: 'packages/core/src/writer/reassert-fence.ts',
    find: '  await sleep(runtime, 50 + 100 * runtime.random(), signal)\n  await look()\n',
    replace: '  await sleep(runtime, 50 + 100 * runtime.random(), signal)\n',
    harness: fencing,
  },
  {
    name: 'a lost fence is a newer writer',
    file: forward,
    find: '    const fenced = fencedBy(this.#judge.writer, this.#place.writer, this.#view)\n    if (fenced !== undefined) throw fenced\n',
    replace:
      "    const { writer } = this.#place\n    throw fencedBy({ term: writer.term, incarnation: '' }, writer, this.#view)\n",
    harness: fencing,
  },
  {
    name: 'a fence taken back is not followed by a look',
    file: trust,
    find: '  fenceTakenBack(): void {\n    this.#doubtful = true\n',
    replace: '  fenceTakenBack(): void {\n    this.#doubtful = false\n',
    harness: doubt,
  },
  {
    name: 'a log far ahead of the clock is opened',
    file: open,
    find: '.observe(end.timeTick, options.maxClockAheadMs, where)',
    replace: '.observe(end.timeTick, Number.MAX_SAFE_INTEGER, where)',
    harness: 'packages/core/test/clock.test.ts',
  },
  {
    name: 'a look back begins at the last record itself, whatever it names',
    file: 'packages/core/src/log/read-log-end.ts',
    find: '  if (ids.compare(tick, last.id) < 0)\n',
    replace: '  if (ids.compare(tick, last.id) <= 0 || true)\n',
    harness: lostEnd,
  },
  {
    name: 'a look back begins at whatever record has the id of a time tick that is gone',
    file: 'packages/core/src/log/read-log-end.ts',
    find: 'ids.compare(first.id, tick) === 0 && isTimeTick(first) ? end : undefined',
    replace: 'true ? end : undefined',
    harness: 'packages/core/test/recovery-point/recovery-point.test.ts',
  },
  {
    name: 'a writer’s look does not ask for its own record',
    file: forward,
    find: '      if (!this.#isPlace(record)) throw lostPlace(this.#view, this.#place)\n',
    replace: '',
    harness: 'packages/core/test/positions.test.ts',
  },
  {
    name: 'a writer’s look is content with a log that ends before its own record',
    file: forward,
    find: '    if (!this.#placeSeen) throw lostPlace(this.#view, this.#place)\n  }\n',
    replace: '  }\n',
    harness: lostEnd,
  },
  {
    name: 'a writer’s look takes any later opening record for a newer writer’s',
    file: forward,
    find: '    const fenced = fencedBy(this.#judge.writer, this.#place.writer, this.#view)\n',
    replace:
      '    const fenced = fencedBy(record.opening ? record : this.#judge.writer, this.#place.writer, this.#view)\n',
    harness: doubt,
  },
  {
    name: 'a batch that does not follow the last one is acknowledged on the fence’s word',
    file: trust,
    find: 'return codec.follows?.(ids[0] as MessageId, lastAcked) ?? true',
    replace: 'return true',
    harness: doubt,
  },
  {
    name: 'no fence, and what is stored is acknowledged without reading it back',
    file: trust,
    find: 'this.#doubtful || !fenceReaches() ||',
    replace: 'this.#doubtful ||',
    harness: doubt,
  },
  {
    name: 'no fence, and a successor’s truncation is what ends the writer',
    file: 'packages/core/src/writer/read-back.ts',
    find: '      await lookAtEndInstead(error, view, place.writer)\n',
    replace: '      throw error\n',
    harness: doubt,
  },
  {
    name: 'an idle writer lets the backend forget it',
    file: 'packages/core/src/append/ticker.ts',
    find: 'maxIdleMs === undefined ? undefined : Math.max',
    replace: 'true ? undefined : Math.max',
    harness: doubt,
  },
  {
    name: 'an append puts off the time tick that keeps the writer remembered',
    file: 'packages/core/src/append/ticker.ts',
    find: 'this.#idleTickMs() ?? this.#intervalMs)',
    replace: 'this.#intervalMs)',
    harness: doubt,
  },
  {
    name: 'an answer after a long sleep is believed',
    file: trust,
    find: '> maxIdleMs / 2',
    replace: '> maxIdleMs * 1000',
    harness: doubt,
  },
  {
    name: 'the time asleep is measured by one clock',
    file: trust,
    find: 'Math.max(wall - this.#storedAt.wall, monotonic - this.#storedAt.monotonic)',
    replace: 'monotonic - this.#storedAt.monotonic',
    harness: doubt,
  },
  {
    name: 'the first answer behind a failure is believed by a backend that forgets',
    file: trust,
    find: '    if (this.#maxIdleMs !== undefined) this.#doubtful = true\n',
    replace: '',
    harness: doubt,
  },
  {
    name: 'a copy of a log is taken for the log',
    file: 'packages/core/src/writer/process-writers.ts',
    find: 'logKey(backend: string, place: string, logIdentity: string): string {\n',
    replace:
      'logKey(backend: string, stored: string, logIdentity: string): string {\n  const place = stored.slice(0, 0)\n',
    harness: 'packages/impl-file/test/copies.test.ts',
  },
  {
    name: 'a reader looks for the end again though the last record is the same',
    file: 'packages/core/src/log/read-log-end.ts',
    find: 'if (known !== undefined && isEndOf(known, lastRecord, ids)) return known\n',
    replace: '',
    harness: knownEnd,
  },
  {
    name: 'another record under the id of the last one counts as that one',
    file: 'packages/core/src/log/read-log-end.ts',
    find: '    last.timeTick === record.timeTick\n',
    replace: '    last.timeTick >= 0n\n',
    harness: knownEnd,
  },
  {
    name: 'a look that finds records gone never goes on behind them',
    file: 'packages/core/src/log/read-log-end.ts',
    find: 'found = oldest === place ? found + 1 : 1',
    replace: 'found = 1',
    harness: 'packages/core/test/holes.test.ts',
  },
  {
    name: 'an idle writer looks as often as a busy one',
    file: schedule,
    find: 'Math.min(MAX_INTERVALS, 2 * this.#intervals)',
    replace: '1',
    harness: scheduleTest,
  },
  {
    name: 'idle writers look at the same moments',
    file: schedule,
    find: '(0.5 + runtime.random() / 2)',
    replace: '0.75',
    harness: scheduleTest,
  },
  {
    name: 'a writer that appended looks as rarely as before',
    file: schedule,
    find: 'if (changed) this.#intervals = 1',
    replace: '',
    harness: scheduleTest,
  },
  {
    name: 'readers of a writer that can’t take its fence back are left with a closed log',
    file: 'packages/core/src/writer/writer-log.ts',
    find: '() => (closed ? this.#openForReaders() : undefined),',
    replace: '() => {},',
    harness: 'packages/core/test/ending-writer.test.ts',
  },
  {
    name: 'readers are not told why nobody may open their log',
    file: 'packages/core/src/writer/writer-log.ts',
    find: '      this.#unreadable = { error }\n',
    replace: '      void error\n',
    harness: 'packages/core/test/ending-writer.test.ts',
  },
  {
    name: 'the recovery point is named before it is acknowledged',
    file: 'packages/core/src/append/pipeline.ts',
    find: '      batch.outcome = { ids }\n',
    replace:
      '      batch.outcome = { ids }\n      const id = ids[ids.length - 1] as MessageId\n      this.#lastAcked = { id, timeTick: batch.firstTimeTick + BigInt(ids.length - 1) }\n',
    harness: recovery,
  },
  {
    name: 'a recovery point leaves out what a writer’s state needs',
    file: recoveryPoint,
    find: 'neededFrom !== undefined && neededFrom.timeTick < first.timeTick',
    replace: 'neededFrom !== undefined && neededFrom.timeTick > first.timeTick',
    harness: recovery,
  },
  {
    name: 'an opening record names a recovery point of its own',
    file: open,
    find: 'let recoveryPoint = end?.recoveryPoint\n',
    replace: 'let recoveryPoint = end?.recoveryPoint && undefined\n',
    harness: recovery,
  },
  {
    name: 'a log that lost its end is recovered from whatever lies at the recovery point',
    file: 'packages/core/src/writer/look-back.ts',
    find: 'id: isSought ? id : undefined',
    replace: 'id: isSought ? undefined : id',
    harness: recovery,
  },
  {
    name: 'the recovery point of a writer that goes on during an open is not taken over',
    file: open,
    find: '      recoveryPoint = laterPoint(recoveryPoint, between.recoveryPoint)\n',
    replace: '',
    harness: recovery,
  },
  {
    name: 'the first record of an opener that lost the race to create a log is a recovery point',
    file: 'packages/core/src/log/read-log-end.ts',
    find: '          recoveryPoint = laterPoint(recoveryPoint, recoveryIn(record, this.#view))\n        }\n',
    replace: '        }\n        recoveryPoint = laterPoint(recoveryPoint, recoveryIn(record, this.#view))\n',
    harness: recovery,
  },
]
