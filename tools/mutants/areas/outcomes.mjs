const pipeline = 'packages/core/src/append/pipeline.ts'
const appender = 'packages/core/src/append/appender.ts'
const outcomes = 'packages/core/test/outcomes.test.ts'
const resolve = 'packages/core/test/resolve.test.ts'
const ends = 'packages/core/test/resolve/ends.test.ts'
const lostPlaces = 'packages/core/test/resolve/lost-places.test.ts'
const sharedReading = 'packages/core/test/resolve/shared-reading.test.ts'
const batchTokens = 'packages/core/test/resolve/batch-tokens.test.ts'
const surroundings = 'packages/core/test/broken-surroundings.test.ts'
const pass = 'packages/core/src/resolve/token-pass.ts'
const waiting = 'packages/core/src/resolve/waiting-token.ts'
const appendAll = 'packages/core/src/append/append-all.ts'

export const outcomeMutants = [
  {
    name: 'unknown outcome told as not written, at the end',
    file: 'packages/core/src/message/batch-in-flight.ts',
    find: "return batch.maybeWritten || pending || stored ? 'unknown' : 'not-written'",
    replace: "return 'not-written'",
    harness: outcomes,
  },
  {
    name: 'unknown outcome forgotten by the next attempt',
    file: pipeline,
    find: "      if (outcomeOf(error) === 'unknown') batch.maybeWritten = true\n",
    replace: '',
    harness: outcomes,
  },
  {
    name: 'deadline of a sent append reported as failure',
    file: 'packages/core/src/append/append-outcomes.ts',
    find: 'this.#turns.reject(task.owner, message === undefined ? unsent : sent, message)',
    replace: 'this.#turns.reject(task.owner, unsent, message)',
    harness: outcomes,
  },
  {
    name: 'what gave up in the queue is sent all the same',
    file: 'packages/core/src/append/task-queue.ts',
    find: "      if (task.state !== 'settled') return task\n",
    replace: '      if (task !== undefined) return task\n',
    harness: outcomes,
  },
  {
    name: 'deadline of a queued append keeps its budget',
    file: appender,
    find: `      this.#pipeline.abandon(task)
      this.#released(task.charged)`,
    replace: '      this.#pipeline.abandon(task)',
    harness: outcomes,
  },
  {
    name: 'resolve: not written before anything later was found',
    file: waiting,
    find: 'return isSameWriter(writer, this.token.writer) ? undefined : this.verdict()',
    replace: 'return this.verdict()',
    harness: resolve,
  },
  {
    name: 'resolve: a newer writer’s records change nothing',
    file: pass,
    find: 'for (const token of this.#removed(({ found }) => found)) token.owner.resolve(token.verdict())',
    replace: '',
    harness: lostPlaces,
  },
  {
    name: 'resolve: a verdict over a truncated range',
    file: pass,
    find: 'first.first <= end.truncation.timeTick',
    replace: 'first.first < 0n',
    harness: resolve,
  },
  {
    name: 'resolve: a truncation that freed where a token starts refuses it',
    file: pass,
    find: 'token.begin(isFreed ? truncation : undefined)',
    replace: 'token.begin(isFreed && isFreed !== true ? truncation : undefined)',
    harness: lostPlaces,
  },
  {
    name: 'resolve: the record before the messages is not asked for',
    file: waiting,
    find: "if (record.timeTick !== this.next || !isSameWriter(record, writer)) return 'lost'\n",
    replace: '',
    harness: lostPlaces,
  },
  {
    name: 'resolve: a lost end is waited for',
    file: pass,
    find: 'resumed: first.truncation === undefined ? { writer, timeTick, id: from } : undefined',
    replace: 'resumed: undefined',
    harness: lostPlaces,
  },
  {
    name: 'resolve: an ended writer waits for a successor',
    file: pass,
    find: '    if (ended !== undefined) {\n      for',
    replace: '    if (ended === null) {\n      for',
    harness: ends,
  },
  {
    name: 'resolve: an ended writer reads through all failures',
    file: 'packages/core/src/read/impatient-log.ts',
    find: '++failures >= TRIES',
    replace: '++failures < 0',
    harness: ends,
  },
  {
    name: 'resolve: its signal is not heard',
    file: 'packages/core/src/resolve/resolver.ts',
    find: 'stopListening = signal && onAbort(signal, (reason) => this.#giveUp(waiting, reason))',
    replace: 'stopListening = undefined',
    harness: ends,
  },
  {
    name: 'resolve: each token has a reading of its own',
    file: 'packages/core/src/resolve/resolver.ts',
    find: 'this.#newPass(this.#arrivals.splice(0))',
    replace: 'this.#newPass(this.#arrivals.splice(0, 1))',
    harness: sharedReading,
  },
  {
    name: 'resolve: tokens that were given up stay in memory',
    file: pass,
    find: 'if (++this.#abandoned * 2 > this.#heap.size) this.#removed(() => false)',
    replace: 'this.#abandoned++',
    harness: sharedReading,
  },
  {
    name: 'a batch’s token names its first message alone',
    file: 'packages/core/src/append/batch-outcomes.ts',
    find: 'if (sent !== undefined) this.#unknownMessages.add(sent)',
    replace: 'if (sent !== undefined && sent.index === 0) this.#unknownMessages.add(sent)',
    harness: batchTokens,
  },
  {
    name: 'a batch’s token forgets those that were never sent',
    file: 'packages/core/src/append/batch-outcomes.ts',
    find: 'this.#unknownMessages.token(this.#context, rest)',
    replace: 'this.#unknownMessages.token(this.#context, Math.min(rest, 1))',
    harness: batchTokens,
  },
  {
    name: 'appendAll: a refused message hides the results before it',
    file: appendAll,
    find: `    this.#appender.submit(message, this, this.#options)
    this.#outstanding++
`,
    replace: `    this.#outstanding++
    try {
      this.#appender.submit(message, this, this.#options)
    } catch (error) {
      this.#break(error)
      return
    }
`,
    harness: 'packages/core/test/append-all.test.ts',
  },
  {
    name: 'appendAll: a refusal hides the failure of a message before it',
    file: appendAll,
    find: 'if (!this.#broken) this.#error = { error }',
    replace: 'this.#error ??= { error }',
    harness: 'packages/core/test/append-all.test.ts',
  },
  {
    name: 'what is no id is taken for one',
    file: pipeline,
    find: '      checkAnswer(ids, batch.batch.count, this.#options)\n',
    replace: '',
    harness: surroundings,
  },
  {
    name: 'what throws while a batch settles is nobody’s',
    file: pipeline,
    find: `      work()
    } catch (error) {
      this.#break(error)`,
    replace: `      work()
    } catch (error) {
      if (error instanceof Event) this.#break(error)`,
    harness: surroundings,
  },
  {
    name: 'a logger that throws ends the writer',
    file: 'packages/core/src/options/wal-options.ts',
    find: 'logger: harmlessLogger(known.logger),',
    replace: 'logger: known.logger ?? silentLogger,',
    harness: surroundings,
  },
  {
    name: 'thousands are told in one go',
    file: 'packages/core/src/append/in-slices.ts',
    find: 'else if (now >= this.#until) {',
    replace: 'else if (now < 0) {',
    harness: 'packages/core/test/give-up.test.ts',
  },
  {
    name: 'close ends before every append was told',
    file: 'packages/core/src/adaptor/wal-adaptor.ts',
    find: '    await this.#appender.allTold()\n',
    replace: '',
    harness: 'packages/core/test/give-up.test.ts',
  },
  {
    name: 'failed appends are told in a microtask that fake timers hold back',
    file: 'packages/core/src/append/in-slices.ts',
    find: 'void Promise.resolve().then(() => this.#work())',
    replace: 'queueMicrotask(() => this.#work())',
    harness: 'packages/core/test/fake-timers.test.ts',
  },
]
