const truncation = 'packages/core/src/adaptor/truncation.ts'
const place = 'packages/core/src/adaptor/truncation-place.ts'
const truncate = 'packages/core/test/truncate.test.ts'
const lost = 'packages/core/test/truncate-lost.test.ts'
const noRoom = 'packages/core/test/no-room.test.ts'

export const truncateMutants = [
  {
    name: 'truncation point not written to the log',
    file: truncation,
    find: '  ticker.truncation = point\n',
    replace: '',
    harness: truncate,
  },
  {
    name: 'storage freed before the log knows',
    file: truncation,
    find: '  const told = ticker.tick()\n',
    replace: '  await log().truncate(context.ids.parse(point.id), waits)\n  const told = ticker.tick()\n',
    harness: truncate,
  },
  {
    name: 'a time tick that waited says what held before a truncation',
    file: 'packages/core/src/append/appender.ts',
    find: 'if (task.message.type === MESSAGE_TYPE.TimeTick) task.message = this.#tick()',
    replace: '',
    harness: truncate,
  },
  {
    name: 'a refused truncation is told by the next time tick',
    file: truncation,
    find: "if (outcomeOf(error) === 'not-written' && ticker.truncation === point) ticker.truncation = before\n",
    replace: '',
    harness: noRoom,
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
]
