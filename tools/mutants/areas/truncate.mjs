const truncation = 'packages/core/src/adaptor/truncation.ts'
const place = 'packages/core/src/adaptor/truncation-place.ts'
const truncate = 'packages/core/test/truncate.test.ts'
const lost = 'packages/core/test/truncate-lost.test.ts'
const refused = 'packages/core/test/truncate-refused.test.ts'
const beginning = 'packages/core/src/log/log-beginning.ts'
const recovery = 'packages/core/test/recovery-point/recovery.test.ts'
const noRoom = 'packages/core/test/no-room.test.ts'

export const truncateMutants = [
  {
    name: 'truncation point not written to the log',
    file: truncation,
    find: '  const told = ticker.tick(point)\n',
    replace: '  const told = ticker.tick()\n',
    harness: truncate,
  },
  {
    name: 'storage freed before the log knows',
    file: truncation,
    find: '  const told = ticker.tick(point)\n',
    replace:
      '  await log().truncate(context.ids.parse(point.id), waits)\n  const told = ticker.tick(point)\n',
    harness: truncate,
  },
  {
    name: 'a time tick that waited says what held before a truncation',
    file: 'packages/core/src/append/batch-cutter.ts',
    find: 'if (task.tick !== undefined) this.#renew(task, task.tick)',
    replace: '',
    harness: truncate,
  },
  {
    name: 'a truncation’s point is said by other time ticks before its own is sent',
    file: truncation,
    find: '  const told = ticker.tick(point)\n',
    replace: '  beginning.makeIrrevocable(point)\n  const told = ticker.tick(point)\n',
    harness: refused,
  },
  {
    name: 'a refused truncation is told by the next time tick',
    file: beginning,
    find: 'if (maybeStored) this.#irrevocable',
    replace: 'if (maybeStored !== undefined) this.#irrevocable',
    harness: noRoom,
  },
  {
    name: 'a time tick that is on its way is forgotten by the next one',
    file: beginning,
    find: 'for (const point of this.#sent.values()) said',
    replace: 'for (const point of [...this.#sent.values()].slice(0, 0)) said',
    harness: 'packages/core/src/log/log-beginning.test.ts',
  },
  {
    name: 'a truncation that freed storage is taken back',
    file: truncation,
    find: '    ticker.beginning.makeIrrevocable(point)\n',
    replace: '',
    harness: refused,
  },
  {
    name: 'a truncation does not look for its position',
    file: place,
    find: "    else if (counts) sight = 'other'\n",
    replace: '    else if (counts) sight = { id, writer, timeTick }\n',
    harness: 'packages/core/test/lost-end.test.ts',
  },
  {
    name: 'a truncation at a gap passes over what was stored before it since',
    file: place,
    find: ' && ids.compare(record.id, end) < 0) skipped = true',
    replace: ' && ids.compare(record.id, end) < 0) skipped = false',
    harness: lost,
  },
  {
    name: 'a truncation at a gap takes any log that goes on there for the same',
    file: place,
    find: '  if (!ended && !isSameWriter(edge, writer))',
    replace: '  if (false)',
    harness: lost,
  },
  {
    name: 'a truncation waits for a position that the log lost under its writer',
    file: place,
    find: "if (sight === 'other' || looks === LOOKS) throw",
    replace: "if (sight === 'other') throw",
    harness: lost,
  },
  {
    name: 'a truncation outlives its writer',
    file: truncation,
    find: '[ended, waits.signal].map(',
    replace: '[undefined, waits.signal].map(',
    harness: lost,
  },
  {
    name: 'truncation passes the recovery point',
    file: truncation,
    find: 'await log().truncate(ticker.recovery.keptFrom(context.ids.parse(point.id)), waits)',
    replace: 'await log().truncate(context.ids.parse(point.id), waits)',
    harness: recovery,
  },
  {
    name: 'truncation without room passes what the writer needs',
    file: truncation,
    find: 'ticker.recovery.keptWithoutRoom(steps[0] as MessageId)',
    replace: 'steps[0] as MessageId',
    harness: recovery,
  },
]
