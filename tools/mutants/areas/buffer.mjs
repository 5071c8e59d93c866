const buffer = 'packages/core/src/buffer/write-ahead-buffer.ts'
const unit = 'packages/core/src/buffer/write-ahead-buffer.test.ts'

export const bufferMutants = [
  {
    name: 'buffer filled before ack',
    file: 'packages/core/src/append/appender.ts',
    find: '    this.#pipeline = new Pipeline(options.log, { ...options, events: this })\n',
    replace: `    const { context, cutter } = options
    const cut = cutter.cut.bind(cutter)
    cutter.cut = (...given) => {
      const batch = cut(...given)
      if (batch !== undefined) {
        const id = context.ids.parse(batch.lastAckedBefore)
        this.#outcomes.stored(
          batch,
          batch.tasks.map(() => id),
        )
      }
      return batch
    }
    this.#pipeline = new Pipeline(options.log, { ...options, events: this })
`,
    harness: 'packages/core/test/tailing.test.ts',
  },
  {
    name: 'buffer unbounded',
    file: buffer,
    find: 'if (this.#bytes <= this.#capacityBytes && now - (this.#addedAt[this.#head] as number) <= this.#maxAgeMs)',
    replace: 'if (this.#bytes <= this.#capacityBytes || now > 0)',
    harness: unit,
  },
  {
    name: 'evict floor off by one run',
    file: buffer,
    find: 'this.#floor = oldest.lastTimeTick',
    replace: 'this.#floor = oldest.firstTimeTick',
    harness: unit,
  },
  {
    name: 'covers off by one at the floor',
    file: buffer,
    find: 'timeTick >= this.#floor &&',
    replace: 'timeTick >= this.#floor - 1n &&',
    harness: unit,
  },
  {
    name: 'evicted reader goes on at the oldest kept',
    file: buffer,
    find: "return number < this.#firstNumber ? 'evicted' : ",
    replace: 'return number < this.#firstNumber ? this.#runs[this.#head] : ',
    harness: unit,
  },
  {
    name: 'off by one at the switch to the buffer',
    file: 'packages/core/src/read/tailing.ts',
    find: 'this.#reader = buffer.readAfter(timeTick)',
    replace: 'this.#reader = buffer.readAfter(timeTick + 1n)',
    harness: 'packages/core/test/tailing.test.ts',
  },
  {
    name: 'off by one within the run where a reader starts',
    file: buffer,
    find: ': run.records.filter((record) => record.timeTick > this.#after)',
    replace: ': run.records.filter((record) => record.timeTick >= this.#after)',
    harness: unit,
  },
  {
    name: 'a fenced writer’s readers stay in its buffer',
    file: 'packages/core/src/adaptor/wal-adaptor.ts',
    find: `    this.#stopAppends(error)
    this.#buffer.close()
`,
    replace: '    this.#stopAppends(error)\n',
    harness: 'packages/core/test/fencing.test.ts',
  },
]
