const judge = 'packages/core/src/read/writer-judge.ts'
const source = 'packages/core/src/read/record-source.ts'
const catchUp = 'packages/core/src/read/catch-up.ts'
const order = 'packages/core/src/read/own-order.ts'
const plan = 'packages/core/src/read/plan-read.ts'
const restart = 'packages/core/test/restart.test.ts'
const fencing = 'packages/core/test/fencing.test.ts'
const positions = 'packages/core/test/positions.test.ts'

export const readMutants = [
  {
    name: 'no time-tick dedupe',
    file: judge,
    find: 'if (record.timeTick <= this.#timeTick) {',
    replace: 'if (false) {',
    harness: fencing,
  },
  {
    name: 'void records delivered',
    file: judge,
    find: '      if (!newer) {',
    replace: '      if (false) {',
    harness: fencing,
  },
  {
    name: 'a late opening record makes its writer current',
    file: judge,
    find: '(record.term === this.#term && record.opening && record.timeTick > this.#timeTick)',
    replace: '(record.term === this.#term && record.opening)',
    harness: 'packages/core/src/read/writer-judge.test.ts',
  },
  {
    name: 'catch-up restarted at its original start',
    file: catchUp,
    find: '    if (last !== undefined) this.#start = { from: last.id }\n',
    replace: '',
    harness: restart,
  },
  {
    name: 'catch-up restarted with its original policy, latest',
    file: plan,
    find: 'return { ...plan, start: { from: end.lastId }, known }',
    replace: "return { ...plan, start: 'latest', known }",
    harness: restart,
  },
  {
    name: 'fallen out of the buffer, catch-up restarted where it left off the first time',
    file: source,
    find: '    if (last !== undefined && records.length > 0) {\n      this.#catchUp.startAt(',
    replace: '    if (last === undefined) {\n      this.#catchUp.startAt(',
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
    name: 'a position skips its record instead of its unit',
    file: order,
    find: '    this.#judge = new WriterJudge(known)\n    this.#resumed = resumed\n',
    replace: `    this.#resumed = resumed
    const after = known !== undefined && known.timeTick === resumed?.timeTick
    const judge = new WriterJudge(after ? { writer: known.writer, timeTick: -1n } : known)
    const counts = judge.counts.bind(judge)
    let skip = after ? 1 : 0
    judge.counts = (record) => counts(record) && skip-- <= 0
    this.#judge = judge
`,
    harness: positions,
  },
  {
    name: 'from taken for after',
    file: plan,
    find: 'options.from === undefined || place.gap ? place.timeTick : place.timeTick - 1n',
    replace: 'place.timeTick',
    harness: positions,
  },
  {
    name: 'resumed check dropped: rolled back unnoticed',
    file: order,
    find: '    else if (counts) throw',
    replace: '    else if (false) throw',
    harness: positions,
  },
  {
    name: 'fallen out of the buffer, the last record not asked for again: rolled back unnoticed',
    file: source,
    find: 'if (this.#tailed) this.#order?.meetAgain()',
    replace: 'if (false) this.#order?.meetAgain()',
    harness: positions,
  },
  {
    name: 'a position of another log accepted',
    file: plan,
    find: "if (parts.logIdentity !== (end.logIdentity ?? ''))",
    replace: 'if (false)',
    harness: positions,
  },
  {
    name: 'a truncated position passed over in silence',
    file: plan,
    find: '    if (truncation !== undefined && timeTick < truncation.timeTick) {',
    replace: '    if (false) {',
    harness: 'packages/core/test/truncate.test.ts',
  },
  {
    name: 'truncation point not written to the log',
    file: 'packages/core/src/adaptor/wal-adaptor.ts',
    find: 'this.#ticker.truncation = point\n',
    replace: '',
    harness: 'packages/core/test/truncate.test.ts',
  },
  {
    name: 'storage freed before the log knows',
    file: 'packages/core/src/adaptor/wal-adaptor.ts',
    find: `    await abortable(this.#ticker.tick(), waits.signal)
    await this.#log.truncate(this.#ids.parse(point.id), waits)`,
    replace: `    await this.#log.truncate(this.#ids.parse(point.id), waits)
    await abortable(this.#ticker.tick(), waits.signal)`,
    harness: 'packages/core/test/truncate.test.ts',
  },
  {
    name: 'a truncation puts the beginning back before what is freed',
    file: 'packages/core/src/position/truncation-point.ts',
    find: 'return kept ? point : { ...point, id: before.id }',
    replace: 'return point',
    harness: 'packages/core/test/truncate.test.ts',
  },
  {
    name: 'a time tick that waited says what held before a truncation',
    file: 'packages/core/src/append/appender.ts',
    find: 'if (task.message.type === MESSAGE_TYPE.TimeTick) task.message = this.#tick()',
    replace: '',
    harness: 'packages/core/test/truncate.test.ts',
  },
  {
    name: 'the place before a message that was sent twice is freed, and the message taken for gone',
    file: source,
    find: 'if (await this.#startedTooEarly()) return undefined',
    replace: '',
    harness: 'packages/core/test/truncate.test.ts',
  },
  {
    name: 'void records out of the buffer taken for a place to go on from',
    file: source,
    find: 'if (last !== undefined && records.length > 0) {',
    replace: 'if (last !== undefined) {',
    harness: 'packages/core/test/fencing.test.ts',
  },
  {
    name: 'readers of one record share its payload',
    file: 'packages/core/src/read/delivered-message.ts',
    find: 'this.#payload ??= Buffer.from(this.#record.payload)',
    replace: 'this.#payload ??= this.#record.payload',
    harness: 'packages/core/test/tailing.test.ts',
  },
  {
    name: 'close doesn’t wake readers',
    file: 'packages/core/src/adaptor/wal-adaptor.ts',
    find: 'const scannersClosed = attempt(closeScanners(this.#scanners))',
    replace: 'const scannersClosed = attempt(Promise.resolve())',
    harness: 'packages/core/test/close.test.ts',
  },
]
