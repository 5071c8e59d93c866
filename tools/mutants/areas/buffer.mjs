const buffer = 'packages/core/src/buffer/write-ahead-buffer.ts'
const unit = 'packages/core/src/buffer/write-ahead-buffer.test.ts'

export const bufferMutants = [
  {
    name: 'buffer filled before ack',
    file: 'packages/core/src/append/appender.ts',
    find: '    this.#pipeline = new Pipeline(options.log, {\n',
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
    this.#pipeline = new Pipeline(options.log, {
`,
    harness: 'packages/core/test/tailing.test.ts',
  },
  {
    name: 'buffer unbounded',
    file: buffer,
    find: 'const isRoom = isLast || this.bytes <= this.#capacityBytes',
    replace: 'const isRoom = isLast || this.bytes > 0',
    harness: unit,
  },
  {
    name: 'records that readers share are not charged',
    file: buffer,
    find: 'return this.#bytes + this.#decoded.bytes',
    replace: 'return this.#bytes',
    harness: unit,
  },
  {
    name: 'all records that were ever read are kept',
    file: 'packages/core/src/buffer/decoded-runs.ts',
    find: 'if (this.bytes <= this.#capacityBytes || oldest === run) break',
    replace: 'if (oldest !== undefined) break',
    harness: unit,
  },
  {
    name: 'each tailing reader decodes for itself',
    file: 'packages/core/src/buffer/decoded-runs.ts',
    find: '|| oldest === run) break',
    replace: ') break',
    harness: unit,
  },
  {
    name: 'an idle log keeps its buffer',
    file: buffer,
    find: 'if (this.#timer === undefined) this.#planEviction(now)',
    replace: '',
    harness: unit,
  },
  {
    name: 'the buffer’s age is kept once, then no more',
    file: buffer,
    find: '+ 1)\n    this.#planEviction(now)',
    replace: '+ 1)',
    harness: unit,
  },
  {
    name: 'a payload keeps what was read with it',
    file: 'packages/core/src/read/delivered-message.ts',
    find: 'this.#shared ? copyOf(payload) : ownBytes(payload)',
    replace: 'this.#shared ? copyOf(payload) : payload',
    harness: 'packages/impl-file/test/payload-kept.test.ts',
  },
  {
    name: 'small payloads keep Node’s pool',
    file: 'packages/core/src/message/own-bytes.ts',
    find: '  const piece = pieceFor(length)',
    replace: '  if (length < 4096) return Buffer.from(view)\n  const piece = pieceFor(length)',
    harness: 'packages/core/src/message/own-bytes.test.ts',
  },
  {
    name: 'bytes are UTF-16 units',
    file: 'packages/walimpls/src/message/record-bytes.ts',
    find: 'utf8Length(properties[i] as string)',
    replace: '(properties[i] as string).length',
    harness: 'packages/walimpls/src/message/message-parts.test.ts',
  },
  {
    name: 'a message on its way is charged UTF-16 units',
    file: 'packages/core/src/message/record-arena.ts',
    find: 'this.#vchannelBytes = utf8Length(vchannel)',
    replace: 'this.#vchannelBytes = vchannel.length',
    harness: 'packages/core/src/message/stamp.test.ts',
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
    file: 'packages/core/src/read/buffer-tail.ts',
    find: 'this.#buffer.readAfter(timeTick)',
    replace: 'this.#buffer.readAfter(timeTick + 1n)',
    harness: 'packages/core/test/tailing.test.ts',
  },
  {
    name: 'off by one within the run where a reader starts',
    file: buffer,
    find: ': records.filter((record) => record.timeTick > this.#after)',
    replace: ': records.filter((record) => record.timeTick >= this.#after)',
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
