const source = 'packages/core/src/read/record-source.ts'
const catchUp = 'packages/core/src/read/catch-up.ts'
const startPoint = 'packages/core/src/read/start-point.ts'
const plan = 'packages/core/src/read/plan-read.ts'
const truncation = 'packages/core/src/adaptor/truncation.ts'
const noRoom = 'packages/core/test/no-room.test.ts'
const lostEnd = 'packages/core/test/lost-end.test.ts'
const explained = 'packages/core/test/lost-end-explained.test.ts'
const holes = 'packages/core/test/holes.test.ts'
const restart = 'packages/core/test/restart.test.ts'
const sharedTail = 'packages/core/test/readers/shared-tail.test.ts'
const resting = 'packages/core/test/readers/resting.test.ts'
const progress = 'packages/core/test/readers/progress.test.ts'
const scanner = 'packages/core/src/read/scanner-adaptor.ts'
const atHand = 'packages/core/src/read/batch-at-hand.ts'
const positions = 'packages/core/test/positions.test.ts'

export const readMutants = [
  {
    name: 'catch-up restarted at its original start',
    file: source,
    find: 'return id === undefined ? this.#start.place : { from: id }',
    replace: 'return this.#start.place ?? { from: id as MessageId }',
    harness: restart,
  },
  {
    name: 'catch-up restarted with its original policy, latest',
    file: plan,
    find: '      start: { from: end.lastId },\n      known: { writer: end.writer, timeTick: end.timeTick },\n      resumed: end.last && { ...end.last, id: end.lastId },\n',
    replace:
      "      start: 'latest',\n      known: { writer: end.writer, timeTick: end.timeTick },\n      resumed: undefined,\n",
    harness: restart,
  },
  {
    name: 'a backend error ends the scanner',
    file: catchUp,
    find: '    if (!mayPass(error)) throw error\n',
    replace: '    if (true) throw error\n',
    harness: restart,
  },
  {
    name: 'from taken for after',
    file: plan,
    find: 'from === undefined || gap ? place.timeTick : place.timeTick - 1n',
    replace: 'place.timeTick',
    harness: positions,
  },
  {
    name: 'fallen out of the buffer, the last record not asked for again: rolled back unnoticed',
    file: source,
    find: 'if (this.#started) bookmark?.seekAgain()\n',
    replace: 'if (false) bookmark?.seekAgain()\n',
    harness: positions,
  },
  {
    name: 'a position of another log accepted',
    file: plan,
    find: "if (logIdentity !== (end.logIdentity ?? ''))",
    replace: 'if (false)',
    harness: positions,
  },
  {
    name: 'a truncated position passed over in silence',
    file: plan,
    find: '  if (truncation !== undefined && timeTick < truncation.timeTick) {',
    replace: '  if (false) {',
    harness: 'packages/core/test/truncate.test.ts',
  },
  {
    name: 'a truncation puts the beginning back before what is freed',
    file: 'packages/core/src/log/truncation-point.ts',
    find: 'return kept ? point : { ...point, id: before.id }',
    replace: 'return point',
    harness: 'packages/core/src/log/position.test.ts',
  },
  {
    name: 'the place before a message that was sent twice is freed, and the message taken for gone',
    file: startPoint,
    find: "if (await this.#beginsFurtherOn(gap.reading)) return 'again'",
    replace: '',
    harness: 'packages/core/test/truncate.test.ts',
  },
  {
    name: 'readers of one record share its payload',
    file: 'packages/core/src/read/delivered-message.ts',
    find: 'this.#shared ? copyOf(payload) : ownBytes(payload)',
    replace: 'this.#shared ? payload : ownBytes(payload)',
    harness: 'packages/core/test/tailing.test.ts',
  },
  {
    name: 'close doesn’t wake readers',
    file: 'packages/core/src/adaptor/wal-adaptor.ts',
    find: 'const scannersClosed = attempt(closeScanners(this.#scanners))',
    replace: 'const scannersClosed = attempt(Promise.resolve())',
    harness: 'packages/core/test/close.test.ts',
  },
  {
    name: 'a scanner at an end without its record waits',
    file: source,
    find: '      await assertMoreFollows(reading, this.#context, this.#options.signal)\n',
    replace: '      void reading\n',
    harness: lostEnd,
  },
  {
    name: 'a bounded read ends before its position was found',
    file: 'packages/core/src/read/scanner-adaptor.ts',
    find: ' && !source.seeking\n',
    replace: '\n',
    harness: lostEnd,
  },
  {
    name: 'reading resumes at the record that took the place of the last one',
    file: 'packages/core/src/read/resume-position.ts',
    find: '(tick) => !isOther(tick, known)',
    replace: '(tick) => tick !== undefined || !isOther(tick, known)',
    harness: lostEnd,
  },
  {
    name: 'a truncation waits behind what waits for room',
    file: truncation,
    find: '      await log().truncate(ticker.recovery.keptWithoutRoom(steps[0] as MessageId), waits)\n',
    replace: '',
    harness: noRoom,
  },
  {
    name: 'what ends a writer is explained once more, behind what it acknowledged since',
    file: 'packages/core/src/writer/writer-looks.ts',
    find: 'if (this.#explained.has(reason)) return reason\n',
    replace: '',
    harness: explained,
  },
  {
    name: 'what ended a reader is held back for as long as the log’s end can’t be looked at',
    file: 'packages/core/src/read/explain-end.ts',
    find: 'const PATIENCE_MS = 5_000\n',
    replace: 'const PATIENCE_MS = 5_000_000\n',
    harness: explained,
  },
  {
    name: 'a log that begins above the truncation point that it names can’t be read',
    file: startPoint,
    find: "      this.#place = 'oldest'\n      reading?.passGap(undefined)\n      return true\n",
    replace: '      return false\n',
    harness: noRoom,
  },
  {
    name: 'a hole is passed over in silence',
    file: startPoint,
    find: '    this.#lost ??= { after }\n',
    replace: '',
    harness: holes,
  },
  {
    name: 'the oldest record of a log with a hole is its first one',
    file: 'packages/core/src/read/oldest-position.ts',
    find: '  if (behind !== undefined && ',
    replace: '  if (false && behind !== undefined && ',
    harness: holes,
  },
  {
    name: 'what frees room frees the last time tick, and with it the log’s identity',
    file: truncation,
    find: '? [upToTick, whole] : [whole]',
    replace: '? [whole] : [whole]',
    harness: noRoom,
  },
  {
    name: 'a truncation frees before the log names its new beginning at any failure that lasts',
    file: 'packages/core/src/append/pipeline.ts',
    find: 'this.#fullInRow = isStorageFull(error) ? ',
    replace: 'this.#fullInRow = isStorageFull !== undefined ? ',
    harness: noRoom,
  },
  {
    name: 'refusals for want of room count, whatever came between them',
    file: 'packages/core/src/append/pipeline.ts',
    find: 'isStorageFull(error) ? this.#fullInRow + 1 : 0',
    replace: 'isStorageFull(error) ? this.#fullInRow + 1 : this.#fullInRow',
    harness: noRoom,
  },
  {
    name: 'what makes room is not waited for before more is freed',
    file: 'packages/core/src/append/pipeline.ts',
    find: 'if (again) await this.#full.next(signal)\n',
    replace: '',
    harness: noRoom,
  },
  {
    name: 'a look that a truncation overtook takes the log for another one',
    file: 'packages/core/src/log/read-log-end.ts',
    find: 'return now === undefined || ids.compare(now.id, last.id) === 0 ? end : readLogEnd(view, options)',
    replace: 'return end',
    harness: 'packages/core/test/truncate.test.ts',
  },
  {
    name: 'a reader that waits lets its process end',
    file: source,
    find: 'const hold = this.#options.holds ? this.#context.runtime.hold?.() : undefined',
    replace: 'const hold = undefined',
    harness: 'packages/impl-file/test/processes/waiting.test.ts',
  },
  {
    name: 'where reading goes on behind a lost end is asked for once',
    file: 'packages/core/src/read/explain-end.ts',
    find: 'failures < MOST_FAILURES && mayPass(reason)',
    replace: 'failures < 1 && mayPass(reason)',
    harness: 'packages/core/test/lost-end.test.ts',
  },
  {
    name: 'each reader at a log’s end keeps a backend scanner of its own',
    file: source,
    find: '    if (reader === undefined) return\n',
    replace: '    if (reader !== undefined) return reader.close()\n    if (reader === undefined) return\n',
    harness: sharedTail,
  },
  {
    name: 'the shared scanner outlives its last reader',
    file: 'packages/core/src/read/tail-feed.ts',
    find: '    if (this.#readers === 0) await this.close()\n',
    replace: '',
    harness: sharedTail,
  },
  {
    name: 'a reader joins others’ records though its own last one is not among them',
    file: 'packages/core/src/read/tail-feed.ts',
    find: '    if (known?.timeTick === timeTick) return isSameWriter(known.writer, last.writer)\n    const record = this.#buffer.runAt(timeTick)?.records?.find((each) => each.timeTick === timeTick)\n    return record !== undefined && isSameWriter(record, last.writer)\n',
    replace: '    return known !== undefined\n',
    harness: 'packages/core/src/read/tail-feed.test.ts',
  },
  {
    name: 'a look answers for those who asked while it was under way',
    file: 'packages/core/src/read/shared-looks.ts',
    find: 'this.#next ??= this.#beginBehind(this.#underWay)',
    replace: 'this.#next ??= this.#underWay',
    harness: sharedTail,
  },
  {
    name: 'readers that stopped keep what they hold',
    file: 'packages/core/src/read/page-budget.ts',
    find: '      if (each !== holder && each.rest()) this.release(each)\n',
    replace: '',
    harness: resting,
  },
  {
    name: 'a reader that rested goes on where it has looked, past what was not handed out',
    file: atHand,
    find: '    const reached = this.#reached\n    this.#behind = reached && lasting(reached)\n',
    replace: '',
    harness: resting,
  },
  {
    name: 'a reader that rested begins where it began',
    file: scanner,
    find: '      after === undefined\n        ? (this.#plan as ReadPlan)',
    replace: '      after !== undefined\n        ? (this.#plan as ReadPlan)',
    harness: resting,
  },
  {
    name: 'progress stays where the last message was',
    file: atHand,
    find: '    this.#behind = looked ?? this.#behind\n',
    replace: '',
    harness: progress,
  },
  {
    name: 'progress runs ahead of what was handed out',
    file: atHand,
    find: '    return this.#index === 0 ? this.#before : this.#last\n',
    replace: '    return this.#behind\n',
    harness: progress,
  },
  {
    name: 'behind a break, progress is where the batch ended',
    file: atHand,
    find: '    this.#behind = reached && lasting(reached)\n',
    replace: '    void reached\n',
    harness: progress,
  },
  {
    name: 'readers that are started side by side are charged for what they read once they have it',
    file: scanner,
    find: '    this.#charge(PAGES_HELD * this.#pageBytes)\n',
    replace: '',
    harness: resting,
  },
  {
    name: 'a bounded reader that has handed out everything goes on after a rest',
    file: scanner,
    find: '    if (!this.#batch.isEmpty) this.#finished = false\n',
    replace: '    this.#finished = false\n',
    harness: resting,
  },
  {
    name: 'a reader joins others that wait for a backend which failed',
    file: 'packages/core/src/read/shared-tail.ts',
    find: '      if (feed.failing) return this.#replace(feed, joining, signal)\n',
    replace: '',
    harness: sharedTail,
  },
  {
    name: 'a look that never ends holds up those behind it',
    file: 'packages/core/src/read/shared-looks.ts',
    find: 'Promise.race([before, patience])',
    replace: 'before',
    harness: sharedTail,
  },
  {
    name: 'a writer’s scanner that misses its record trusts the end that the writer knows',
    file: 'packages/core/src/read/assert-more-follows.ts',
    find: 'await context.end(signal, true)',
    replace: 'await context.end(signal)',
    harness: 'packages/core/test/readers/lost-place.test.ts',
  },
]
