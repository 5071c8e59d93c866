const pipeline = 'packages/core/src/append/pipeline.ts'
const resend = 'packages/core/test/resend.test.ts'
const ending = 'packages/core/test/ending-writer.test.ts'
const bounds = 'packages/core/test/bounds.test.ts'

export const appendMutants = [
  {
    name: 'resend re-cut: another batch object',
    file: pipeline,
    find: 'again.map((batch) => this.#attempt(batch))',
    replace: 'again.map((batch) => this.#attempt(Object.assign(batch, { batch: { ...batch.batch } })))',
    harness: resend,
  },
  {
    name: 'resend re-cut: other boundaries',
    file: pipeline,
    find: '    for (let attempt = 0; this.#inFlight.length > 0; attempt++) {',
    replace: `    const [first, second] = this.#inFlight
    if (first && second) {
      this.#inFlight.splice(0, 2, {
        ...first,
        tasks: [...first.tasks, ...second.tasks],
        charged: first.charged + second.charged,
        batch: {
          ...first.batch,
          messages: [...first.batch.messages, ...second.batch.messages],
          bytes: first.batch.bytes + second.batch.bytes,
        },
      })
    }
    for (let attempt = 0; this.#inFlight.length > 0; attempt++) {`,
    harness: resend,
  },
  {
    name: 'resend in another order',
    file: pipeline,
    find: 'again.map((batch) => this.#attempt(batch))',
    replace: '[...again].reverse().map((batch) => this.#attempt(batch))',
    harness: 'packages/core/test/outcomes.test.ts',
  },
  {
    name: 'more batches are sent again than the reopened log allows',
    file: pipeline,
    find: 'this.#inFlight.slice(0, this.#log.limits.maxInFlightBatches)',
    replace: '[...this.#inFlight]',
    harness: resend,
  },
  {
    name: 'prefix rule dropped',
    file: pipeline,
    find: '      checkPrefix(this.#inFlight, error, where)\n',
    replace: '',
    harness: 'packages/core/test/prefix.test.ts',
  },
  {
    name: 'a batch handed in behind one that has failed',
    file: pipeline,
    find: 'if (this.#inFlight.length > 0 && !atTurn) {',
    replace: 'if (this.#inFlight.length > 99 && !atTurn) {',
    harness: 'packages/core/test/prefix.test.ts',
  },
  {
    name: 'failures that pass end the append',
    file: pipeline,
    find: '      if (isRefusedForever(error)) {',
    replace: '      if (isRefusedForever(error) || !isHopeless(error)) {',
    harness: 'packages/core/test/outcomes.test.ts',
  },
  {
    name: 'time ticks of one batch all the same',
    file: 'packages/core/src/append/batch-cutter.ts',
    find: '      run.advance()\n      charged +=',
    replace: '      charged +=',
    harness: 'packages/core/test/order.test.ts',
  },
  {
    name: 'the caller’s buffer is not copied',
    file: 'packages/core/src/message/record-arena.ts',
    find: 'slab.set(payload, start + PAYLOAD_LENGTH_BYTES)',
    replace: 'setImmediate(() => slab.set(payload, start + PAYLOAD_LENGTH_BYTES))',
    harness: 'packages/core/test/scanner.test.ts',
  },
  {
    name: 'admission unbounded',
    file: 'packages/core/src/append/admission.ts',
    find: 'return used === 0 || used + bytes <= this.#budgetBytes',
    replace: 'return used === 0 || bytes > 0 || this.#budgetBytes === 0',
    harness: 'packages/core/src/append/admission.test.ts',
  },
  {
    name: 'what waits for room unbounded',
    file: 'packages/core/src/append/admission.ts',
    find: '|| pending + bytes <= this.#maxWaitingBytes) return',
    replace: '|| pending < Number.POSITIVE_INFINITY) return',
    harness: bounds,
  },
  {
    name: 'budget not given back',
    file: pipeline,
    find: `    this.#inFlight.shift()
    released(batch.charged)`,
    replace: '    this.#inFlight.shift()',
    harness: bounds,
  },
  {
    name: 'appendAll pulls without room',
    file: 'packages/core/src/append/appender.ts',
    find: 'return this.#options.admission.hasRoom(bytes + MESSAGE_OVERHEAD_BYTES)',
    replace: 'return bytes >= 0',
    harness: bounds,
  },
  {
    name: 'listener not removed',
    file: 'packages/core/src/message/append-task.ts',
    find: '  task.stopListening?.()\n',
    replace: '',
    harness: 'packages/core/test/cancel.test.ts',
  },
  {
    name: 'a batch handed in behind one that failed while another is being confirmed',
    file: pipeline,
    find: "if (this.#confirming && this.#inFlight.some(({ outcome }) => outcome && 'error' in outcome)) return\n",
    replace: '',
    harness: 'packages/core/test/prefix.test.ts',
  },
  {
    name: 'ids that go back are taken for those of new records',
    file: 'packages/core/src/append/answer-trust.ts',
    find: '    if (codec.compare(ids[0] as MessageId, lastAcked) <= 0) return false\n',
    replace: '    if (codec.compare(ids[0] as MessageId, lastAcked) <= 0) return true\n',
    harness: 'packages/core/test/lost-end.test.ts',
  },
  {
    name: 'a writer that ends acknowledges more than what was confirmed',
    file: pipeline,
    find: '      if (this.#ending !== undefined && !head.confirmed) break\n',
    replace: '',
    harness: ending,
  },
]
