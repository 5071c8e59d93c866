const pipeline = 'packages/core/src/append/pipeline.ts'
const appender = 'packages/core/src/append/appender.ts'
const outcomes = 'packages/core/test/outcomes.test.ts'
const resolve = 'packages/core/test/resolve.test.ts'

export const outcomeMutants = [
  {
    name: 'unknown outcome told as not written, at the end',
    file: 'packages/core/src/append/batch-in-flight.ts',
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
    file: appender,
    find: "    if (state === 'sent') {",
    replace: `    if (state === 'sent' && aborted === undefined) {
      task.owner.reject(notSentInTime(this.#options.where))
      return
    }
    if (state === 'sent') {`,
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
      this.released(task.bytes)`,
    replace: '      this.#pipeline.abandon(task)',
    harness: outcomes,
  },
  {
    name: 'resolve: not written before anything later was met',
    file: 'packages/core/src/append/resolve-token.ts',
    find: 'if (sameWriter && record.timeTick < timeTick) return undefined',
    replace: "if (sameWriter && record.timeTick < timeTick) return { outcome: 'not-written' }",
    harness: resolve,
  },
  {
    name: 'resolve: a newer writer’s record taken for the append',
    file: 'packages/core/src/append/resolve-token.ts',
    find: "if (!sameWriter || record.timeTick > timeTick) return { outcome: 'not-written' }\n",
    replace: '',
    harness: resolve,
  },
  {
    name: 'resolve: a verdict over a truncated range',
    file: 'packages/core/src/append/resolve-token.ts',
    find: 'if (end.truncation !== undefined && timeTick <= end.truncation.timeTick)',
    replace: 'if (false)',
    harness: resolve,
  },
]
