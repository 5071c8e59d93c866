const cutter = 'packages/core/src/append/batch-cutter.ts'
const sealing = 'packages/core/src/append/seal/sealing.ts'
const outcomes = 'packages/core/src/append/append-outcomes.ts'
const arena = 'packages/core/src/message/record-arena.ts'
const seals = 'packages/core/test/seals.test.ts'
const split = 'packages/core/test/split-messages.test.ts'
const odd = 'packages/core/test/odd-messages.test.ts'

export const sealMutants = [
  {
    name: 'the gap for the stamp is not widened',
    file: 'packages/core/src/message/stamp.ts',
    find: '    if (record.gapEnd - record.gap !== bytes.length) record.widen(bytes.length)\n',
    replace: '',
    harness: 'packages/core/src/message/stamp.test.ts',
  },
  {
    name: 'the gap for the stamp is not widened where a longer id was acknowledged meanwhile',
    file: 'packages/core/src/message/stamp.ts',
    find: 'if (record.gapEnd - record.gap !== bytes.length)',
    replace: 'if (record.gapEnd - record.gap > bytes.length)',
    harness: odd,
  },
  {
    name: 'a message that a seal refused spends a time tick',
    file: cutter,
    find: '      refused(task, sealed.refuse)\n',
    replace: '      refused(task, sealed.refuse)\n      run.advance()\n',
    harness: split,
  },
  {
    name: 'the time ticks that were tried for a refused message are not given back',
    file: sealing,
    find: '    run.start(first)\n',
    replace: '',
    harness: seals,
  },
  {
    name: 'the rest of a refused message is stored all the same',
    file: cutter,
    find: 'if (task === undefined || this.#rest?.task !== task) return 0',
    replace: 'if (task === undefined || task !== undefined) return 0',
    harness: seals,
  },
  {
    name: 'the rest of a message that gave up between its batches is stored all the same',
    file: 'packages/core/src/append/appender.ts',
    find: "    if (state === 'sent' && sent === undefined) this.#released(this.#pipeline.abandonRest(task))\n",
    replace: '',
    harness: split,
  },
  {
    name: 'the time ticks of the rest of a message are given out again',
    file: cutter,
    find: 'this.#clock.use(records.count + this.#restLength)',
    replace: 'this.#clock.use(records.count)',
    harness: split,
  },
  {
    name: 'the rest of a message lingers',
    file: 'packages/core/src/append/pipeline.ts',
    find: ' || cutter.hasRest',
    replace: '',
    harness: split,
  },
  {
    name: 'the rest of a message is not counted as queued',
    file: cutter,
    find: '        this.queuedBytes += task.charged\n',
    replace: '        this.queuedBytes += 0\n',
    harness: split,
  },
  {
    name: 'a message of several records settles with its first',
    file: outcomes,
    find: '    if (firstTimeTick + BigInt(index) < lastTimeTick) return undefined\n',
    replace: '',
    harness: split,
  },
  {
    name: 'a message of several records settles under the id of its last',
    file: outcomes,
    find: '    split.firstId ??= id\n',
    replace: '    split.firstId = id\n',
    harness: seals,
  },
  {
    name: 'a token names the first record of a message of several',
    file: 'packages/core/src/message/append-task.ts',
    find: 'return task.split === undefined ? index : Number',
    replace: 'return task.split !== null ? index : Number',
    harness: seals,
  },
  {
    name: 'a record that a seal made is shown to the seals behind it without its stamp',
    file: sealing,
    find: "    this.#stamp.fill(record, run, '')\n",
    replace: "    if (from === 0) this.#stamp.fill(record, run, '')\n",
    harness: seals,
  },
  {
    name: 'a record that a seal made is stored without its stamp',
    file: cutter,
    find: 'const bytes = record.bytes + this.#stamp.fill(record, run, lastConfirmed)',
    replace:
      'const bytes = record.bytes + (record === task ? this.#stamp.fill(record, run, lastConfirmed) : 0)',
    harness: seals,
  },
  {
    name: 'a seal may make as many records of a message as it likes',
    file: sealing,
    find: '    if (sealed.length === MAX_SEALED_RECORDS) return miscounted()\n',
    replace: '',
    harness: split,
  },
  {
    name: 'a message of no records waits for its outcome forever',
    file: sealing,
    find: '      if (sealed.length === 0) refusal ??= miscounted()\n',
    replace: '',
    harness: split,
  },
  {
    name: 'a message goes into the place of one whose properties are still being looked at',
    file: arena,
    find: 'if (this.#begun !== begun || end + 10',
    replace: 'if (end + 10',
    harness: odd,
  },
  {
    name: 'a message that was appended as the last property of another was looked at is overwritten',
    file: arena,
    find: 'if (this.#begun !== begun || texts !== 2 * count) return false',
    replace: 'if (texts !== 2 * count) return false',
    harness: odd,
  },
]
