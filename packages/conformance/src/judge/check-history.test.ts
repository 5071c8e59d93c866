import assert from 'node:assert/strict'
import { test } from 'vitest'
import { compareNumberIds } from '../history/compare-ids.js'
import type { EventBody } from '../history/history-event.js'
import { HistoryWriter } from '../history/history-writer.js'
import { readHistory } from '../history/read-history.js'
import {
  failed,
  got,
  history,
  invoke,
  ok,
  opened,
  reached,
  rolledBack,
  start,
  truncate,
  unknown,
  writer,
  written,
} from '../history/sample-events.js'
import { checkHistory } from './check-history.js'

const rules = (...events: readonly EventBody[]) => [
  ...new Set(checkHistory(history(...events).events).map(({ rule }) => rule)),
]

const correct: Record<string, readonly EventBody[]> = {
  'two scanners': [
    ...written('a', 'b'),
    start('s'),
    start('t'),
    got('s', 'a', 1),
    got('s', 'b', 2),
    got('t', 'a', 1),
  ],
  'an acked id that names a later copy': [
    invoke('a'),
    ok('a', 3, 10),
    start('s'),
    got('s', 'a', 1),
    reached('s', 99),
  ],
  'an unknown one that nobody got': [invoke('a'), unknown('a'), start('s'), reached('s', 99)],
  'an unknown one that all got': [invoke('a'), start('s'), start('t'), got('s', 'a', 1), got('t', 'a', 1)],
  'a message found without its append id': [
    ...written('a', 'b'),
    start('s'),
    got('s', 'a', 1, { append: undefined }),
    got('s', 'b', 2, { append: undefined }),
    reached('s', 99),
  ],
  'a transaction, with another message in between': [
    invoke('a', 1, { transaction: 'x' }),
    ok('a', 1),
    invoke('p'),
    ok('p', 2),
    invoke('b', 1, { transaction: 'x' }),
    ok('b', 3),
    invoke('c', 1, { transaction: 'x', commit: true }),
    ok('c', 4),
    start('s'),
    got('s', 'p', 2),
    got('s', 'a', 1, { timeTick: '40', unitId: '4' }),
    got('s', 'b', 3, { timeTick: '40', unitId: '4' }),
    reached('s', 99),
  ],
  'a truncated range with notice, and a scanner that begins behind it': [
    ...written('a', 'b'),
    start('s', { from: '5' }),
    ...truncate(10),
    { kind: 'scanner-gap', scanner: 's', reason: 'truncated', upTo: '10' },
    got('s', 'b', 2),
    start('t'),
    got('t', 'b', 2),
  ],
  'delivered, then lost; resolved as not written after that': [
    ...written('a'),
    invoke('b'),
    unknown('b'),
    start('s'),
    got('s', 'a', 1),
    got('s', 'b', 2),
    rolledBack(10, 20),
    { kind: 'append-resolved', append: 'b', outcome: 'not-written' },
  ],
  'a log rolled back: told to the one that knew more': [
    ...written('a', 'b'),
    start('s'),
    got('s', 'a', 1),
    got('s', 'b', 2),
    rolledBack(10, 20),
    { kind: 'scanner-gap', scanner: 's', reason: 'rolled-back', after: '10', upTo: '20' },
    invoke('c'),
    ok('c', 3),
    got('s', 'c', 3),
    start('t'),
    got('t', 'a', 1),
    got('t', 'c', 3),
  ],
  latest: [
    invoke('a'),
    ok('a', 1),
    invoke('b'),
    start('s', 'latest'),
    ok('b', 2),
    invoke('c'),
    ok('c', 3),
    got('s', 'c', 3),
  ],
  'a takeover': [
    opened(1, 1),
    invoke('a'),
    ok('a', 2),
    invoke('old'),
    opened(2, 3),
    start('s'),
    got('s', 'a', 2),
    reached('s', 99),
  ],
}
test.each(Object.entries(correct))('kept: %s', (_, events) => {
  assert.deepEqual(checkHistory(history(...events).events), [])
})

const inTransaction = [
  invoke('a', 1, { transaction: 'x' }),
  ok('a', 1),
  invoke('b', 1, { transaction: 'x' }),
  ok('b', 2),
]
const commit = [invoke('c', 1, { transaction: 'x', commit: true }), ok('c', 3)]

const broken: readonly [rule: number, what: string, events: readonly EventBody[]][] = [
  [1, 'acked, passed over', [...written('a', 'b'), start('s'), got('s', 'b', 2)]],
  [1, 'acked, not there at the end', [...written('a'), start('s'), reached('s', 10)]],
  [1, 'twice, as two copies', [...written('a'), start('s'), got('s', 'a', 1), got('s', 'a', 3)]],
  [1, 'behind the acked id', [...written('a'), start('s'), got('s', 'a', 2, { timeTick: '10' })]],
  [1, 'another time tick', [...written('a'), start('s'), got('s', 'a', 1, { timeTick: '11' })]],
  [
    1,
    'two copies for two scanners',
    [
      invoke('a'),
      ok('a', 3, 10),
      start('s'),
      start('t'),
      got('s', 'a', 1),
      got('t', 'a', 2, { timeTick: '10' }),
    ],
  ],
  [
    1,
    'a gap that nobody made',
    [
      ...written('a', 'b'),
      start('s'),
      { kind: 'scanner-gap', scanner: 's', reason: 'truncated', upTo: '10' },
      got('s', 'b', 2),
    ],
  ],
  [
    1,
    'left out at a resume',
    [...written('a', 'b', 'c'), start('s'), got('s', 'a', 1), start('s', { after: '20' }), got('s', 'c', 3)],
  ],
  [
    2,
    'ids that fall',
    [
      invoke('a'),
      invoke('b'),
      ok('b', 1, 20),
      ok('a', 2, 10),
      start('s'),
      got('s', 'a', 2, { timeTick: '10' }),
      got('s', 'b', 1, { timeTick: '20' }),
    ],
  ],
  [
    2,
    'time ticks that do not rise',
    [invoke('a'), invoke('b'), start('s'), got('s', 'a', 1, { timeTick: '20' }), got('s', 'b', 2)],
  ],
  [2, 'one id acked twice', [invoke('a'), invoke('b'), ok('a', 1, 10), ok('b', 1, 20)]],
  [2, 'another payload', [...written('a'), start('s'), got('s', 'a', 1, { payloadHash: '#z' })]],
  [2, 'another writer', [...written('a'), start('s'), got('s', 'a', 1, { term: 2 })]],
  [3, 'an ack below an earlier one', [invoke('a'), ok('a', 5), invoke('b'), ok('b', 4)]],
  [
    3,
    'an unknown one delivered below an earlier ack',
    [invoke('a'), ok('a', 5), invoke('b'), start('s'), got('s', 'b', 4)],
  ],
  [4, 'a failed one delivered', [invoke('a'), failed('a'), start('s'), got('s', 'a', 1)]],
  [
    4,
    'resolved as not written, delivered',
    [
      invoke('a'),
      unknown('a'),
      { kind: 'append-resolved', append: 'a', outcome: 'not-written' },
      start('s'),
      got('s', 'a', 1),
    ],
  ],
  [
    4,
    'resolved as written, not there',
    [
      invoke('a'),
      unknown('a'),
      { kind: 'append-resolved', append: 'a', outcome: 'written', id: '1', timeTick: '10' },
      start('s'),
      reached('s', 10),
    ],
  ],
  [
    4,
    'unknown, for one scanner only',
    [invoke('a'), unknown('a'), start('s'), start('t'), got('s', 'a', 1), reached('t', 10)],
  ],
  [4, 'unknown, twice', [invoke('a'), unknown('a'), start('s'), got('s', 'a', 1), got('s', 'a', 2)]],
  [4, 'what nobody appended', [start('s'), got('s', 'a', 1)]],
  [
    5,
    'an older writer behind a newer opening record',
    [invoke('a'), opened(2, 1), start('s'), got('s', 'a', 2)],
  ],
  [
    5,
    'an older open of the same term',
    [
      invoke('a'),
      opened(1, 1),
      { kind: 'opened', writer: writer(1, 'later'), id: '2' },
      start('s'),
      got('s', 'a', 3),
    ],
  ],
  [
    5,
    'a lower term behind a higher',
    [invoke('a'), invoke('b', 2), start('s'), got('s', 'b', 1, { term: 2 }), got('s', 'a', 2)],
  ],
  [5, 'acked after a newer open', [opened(1), opened(2), invoke('a'), ok('a', 1)]],
  [5, 'acked after it was told', [opened(1), { kind: 'fenced', writer: writer(1) }, invoke('a'), ok('a', 1)]],
  [
    5,
    'void for one scanner only',
    [
      opened(1, 1),
      invoke('a'),
      unknown('a'),
      start('s'),
      start('t'),
      got('s', 'a', 2),
      opened(2, 3),
      reached('t', 99),
    ],
  ],
  [
    6,
    'half a transaction',
    [
      ...inTransaction,
      ...commit,
      start('s'),
      got('s', 'a', 1, { timeTick: '30', unitId: '3' }),
      reached('s', 99),
    ],
  ],
  [6, 'never committed', [...inTransaction, start('s'), got('s', 'a', 1, { timeTick: '30', unitId: '3' })]],
  [
    6,
    'rolled back',
    [
      ...inTransaction,
      invoke('c', 1, { transaction: 'x', commit: true }),
      failed('c'),
      start('s'),
      got('s', 'b', 2, { timeTick: '30', unitId: '3' }),
    ],
  ],
  [
    6,
    'in two parts',
    [
      ...inTransaction,
      invoke('c', 1, { transaction: 'x', commit: true }),
      invoke('p'),
      start('s'),
      got('s', 'a', 1, { timeTick: '30', unitId: '3' }),
      got('s', 'p', 4),
      got('s', 'b', 2, { timeTick: '50', unitId: '5' }),
    ],
  ],
  [6, 'not at the commit', [...inTransaction, ...commit, start('s'), got('s', 'a', 1), got('s', 'b', 2)]],
  [
    7,
    'a truncated range passed in silence',
    [...written('a', 'b', 'c'), start('s'), got('s', 'a', 1), ...truncate(20), got('s', 'c', 3)],
  ],
  [
    7,
    'truncated, delivered',
    [...written('a', 'b'), ...truncate(10), start('s'), got('s', 'a', 1), got('s', 'b', 2)],
  ],
  [
    7,
    'started below the truncation point in silence',
    [...written('a'), ...truncate(5), start('s', { after: '4' }), got('s', 'a', 1)],
  ],
  [
    7,
    'rolled back, and a reader that knew more is not told',
    [...written('a', 'b'), start('s'), got('s', 'a', 1), rolledBack(5, 10), got('s', 'b', 2)],
  ],
  [7, 'rolled back, delivered', [...written('a'), rolledBack(5, 10), start('s'), got('s', 'a', 1)]],
  [
    7,
    'rolled back, delivered, and rolled back again with what came after it',
    [...written('a', 'b'), rolledBack(5, 10), start('s'), got('s', 'a', 1), rolledBack(5, 20)],
  ],
]
/** Where one wrong delivery cannot but break two promises. */
const severalRules = new Set(['in two parts', 'twice, as two copies'])

test.each(broken)('rule %i: %s', (rule, what, events) => {
  const found = rules(...events)
  assert.ok(found.includes(rule as never), `found ${found}`)
  if (!severalRules.has(what)) assert.deepEqual(found, [rule])
})
test('logs are judged apart, and ids compared as the caller says', () => {
  const two = new HistoryWriter()
  for (const log of ['one', 'two']) for (const event of written('a')) two.add({ ...event, log })
  assert.deepEqual(checkHistory(two.events), [])
  const falling = history(...written('a', 'b')).events
  const found = checkHistory(falling, { compareIds: (a, b) => compareNumberIds(b, a) })
  assert.deepEqual(
    found.map(({ rule, events }) => [rule, events.map(({ sequence }) => sequence)]),
    [[3, [2, 3, 4]]],
  )
  assert.throws(() => rules(invoke('a'), ok('a', 1), ok('a', 1)), { code: 'WAL_INVALID_ARGUMENT' })
  assert.throws(() => rules(ok('a', 1)), { code: 'WAL_INVALID_ARGUMENT' })
  assert.throws(() => rules(reached('s', 1)), { code: 'WAL_INVALID_ARGUMENT' })
})

test('JSON lines, there and back; an error names its line', () => {
  for (const events of Object.values(correct)) {
    const collected = history(...events)
    const { events: back, lineOf } = readHistory(collected.toJsonLines())
    assert.equal(JSON.stringify(back), JSON.stringify(collected.events))
    assert.equal(lineOf(back[1] as never), 2)
  }
  const line = JSON.stringify({ sequence: 1, kind: 'fenced', writer: writer(1) })
  for (const bad of [
    '{"sequence":',
    '[]',
    '{"sequence":2,"kind":"toString"}',
    line.replace('1,"k', '2,"x'),
    line,
  ])
    assert.throws(() => readHistory(`${line}\n${bad}`, 'h'), {
      code: 'WAL_INVALID_ARGUMENT',
      message: /^h:2/,
    })
})

test('200,000 events: comparisons stay near-linear', () => {
  const collected = new HistoryWriter()
  const count = 40_000
  for (let i = 1; i <= count; i++) {
    collected.add(invoke(`${i}`))
    collected.add(ok(`${i}`, i))
  }
  for (const scanner of ['s', 't', 'u']) {
    collected.add(start(scanner))
    for (let i = 1; i <= count; i++) collected.add(got(scanner, `${i}`, i))
  }
  const n = collected.events.length
  assert.ok(n >= 200_000)
  let comparisons = 0
  const compareIds = (a: string, b: string) => {
    comparisons++
    return compareNumberIds(a, b)
  }
  assert.deepEqual(checkHistory(collected.events, { compareIds }), [])
  assert.ok(comparisons <= n * Math.log2(n), `${comparisons} comparisons for ${n} events`)
})
