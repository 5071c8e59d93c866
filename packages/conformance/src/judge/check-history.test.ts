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
import { correctHistories } from './correct-histories.js'

const rules = (...events: readonly EventBody[]) => [
  ...new Set(checkHistory(history(...events).events).map(({ rule }) => rule)),
]

test.each(Object.entries(correctHistories))('a correct history: %s', (_, events) => {
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
  [
    1,
    'an acked message is missing in front of a later one',
    [...written('a', 'b'), start('s'), got('s', 'b', 2)],
  ],
  [1, 'an acked message is missing at the end', [...written('a'), start('s'), reached('s', 10)]],
  [
    1,
    'a message is delivered twice, as two stored copies',
    [...written('a'), start('s'), got('s', 'a', 1), got('s', 'a', 3)],
  ],
  [
    1,
    'a message is delivered at a higher id than was acked',
    [...written('a'), start('s'), { ...got('s', 'a', 2), timeTick: '10' }],
  ],
  [
    1,
    'a message is delivered at another time tick than was acked',
    [...written('a'), start('s'), { ...got('s', 'a', 1), timeTick: '11' }],
  ],
  [
    1,
    'two scanners are given two copies of a message',
    [
      invoke('a'),
      ok('a', 3, 10),
      start('s'),
      start('t'),
      got('s', 'a', 1),
      { ...got('t', 'a', 2), timeTick: '10' },
    ],
  ],
  [
    1,
    'a scanner reports a gap where nobody removed anything',
    [
      ...written('a', 'b'),
      start('s'),
      { kind: 'scanner-gap', scanner: 's', reason: 'truncated', upTo: '10' },
      got('s', 'b', 2),
    ],
  ],
  [
    1,
    'a message is left out where a scanner resumes',
    [...written('a', 'b', 'c'), start('s'), got('s', 'a', 1), start('s', { after: '20' }), got('s', 'c', 3)],
  ],
  [
    2,
    'the ids of a scanner fall',
    [
      invoke('a'),
      invoke('b'),
      ok('b', 1, 20),
      ok('a', 2, 10),
      start('s'),
      { ...got('s', 'a', 2), timeTick: '10' },
      { ...got('s', 'b', 1), timeTick: '20' },
    ],
  ],
  [
    2,
    'the time ticks of a scanner do not rise',
    [invoke('a'), invoke('b'), start('s'), { ...got('s', 'a', 1), timeTick: '20' }, got('s', 'b', 2)],
  ],
  [2, 'one id is acked for two messages', [invoke('a'), invoke('b'), ok('a', 1, 10), ok('b', 1, 20)]],
  [
    2,
    'a message is delivered with another payload',
    [...written('a'), start('s'), { ...got('s', 'a', 1), payloadHash: '#z' }],
  ],
  [
    2,
    'a message is delivered with another writer',
    [...written('a'), start('s'), { ...got('s', 'a', 1), term: 2 }],
  ],
  [
    3,
    'an append is acked with a lower id than one acked before its call',
    [invoke('a'), ok('a', 5), invoke('b'), ok('b', 4)],
  ],
  [
    3,
    'an unknown append is delivered at a lower id than one acked before its call',
    [invoke('a'), ok('a', 5), invoke('b'), start('s'), got('s', 'b', 4)],
  ],
  [
    4,
    'a message that was not written is delivered',
    [invoke('a'), failed('a'), start('s'), got('s', 'a', 1)],
  ],
  [
    4,
    'a message that was resolved as not written is delivered',
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
    'a message that was resolved as written is missing',
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
    'an unknown append is delivered to one scanner only',
    [invoke('a'), unknown('a'), start('s'), start('t'), got('s', 'a', 1), reached('t', 10)],
  ],
  [
    4,
    'an unknown append is delivered twice',
    [invoke('a'), unknown('a'), start('s'), got('s', 'a', 1), got('s', 'a', 2)],
  ],
  [4, 'a message that nobody appended is delivered', [start('s'), got('s', 'a', 1)]],
  [
    5,
    'a message of an older writer is delivered behind a newer writer’s opening record',
    [invoke('a'), opened(2, 1), start('s'), got('s', 'a', 2)],
  ],
  [
    5,
    'a message of the older of two writers of one term is delivered behind the newer one’s opening record',
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
    'a message of a lower term is delivered behind one of a higher term',
    [invoke('a'), invoke('b', 2), start('s'), { ...got('s', 'b', 1), term: 2 }, got('s', 'a', 2)],
  ],
  [
    5,
    'an append is acked that was called after a newer writer opened',
    [opened(1), opened(2), invoke('a'), ok('a', 1)],
  ],
  [
    5,
    'an append is acked that was called after its writer was told that it is fenced',
    [opened(1), { kind: 'fenced', writer: writer(1) }, invoke('a'), ok('a', 1)],
  ],
  [
    5,
    'a message is void for one scanner only',
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
    'half of a transaction is delivered',
    [
      ...inTransaction,
      ...commit,
      start('s'),
      { ...got('s', 'a', 1), timeTick: '30', unitId: '3' },
      reached('s', 99),
    ],
  ],
  [
    6,
    'a message of a transaction that was never committed is delivered',
    [...inTransaction, start('s'), { ...got('s', 'a', 1), timeTick: '30', unitId: '3' }],
  ],
  [
    6,
    'a message of a transaction whose commit was not written is delivered',
    [
      ...inTransaction,
      invoke('c', 1, { transaction: 'x', commit: true }),
      failed('c'),
      start('s'),
      { ...got('s', 'b', 2), timeTick: '30', unitId: '3' },
    ],
  ],
  [
    6,
    'a transaction is delivered in two parts',
    [
      ...inTransaction,
      invoke('c', 1, { transaction: 'x', commit: true }),
      invoke('p'),
      start('s'),
      { ...got('s', 'a', 1), timeTick: '30', unitId: '3' },
      got('s', 'p', 4),
      { ...got('s', 'b', 2), timeTick: '50', unitId: '5' },
    ],
  ],
  [
    6,
    'a transaction is not delivered at the time tick of its commit',
    [...inTransaction, ...commit, start('s'), got('s', 'a', 1), got('s', 'b', 2)],
  ],
  [
    7,
    'a scanner passes a truncated range without a report',
    [...written('a', 'b', 'c'), start('s'), got('s', 'a', 1), ...truncate(20), got('s', 'c', 3)],
  ],
  [
    7,
    'a truncated message is delivered',
    [...written('a', 'b'), ...truncate(10), start('s'), got('s', 'a', 1), got('s', 'b', 2)],
  ],
  [
    7,
    'a scanner starts below the truncation point without a report',
    [...written('a'), ...truncate(5), start('s', { after: '4' }), got('s', 'a', 1)],
  ],
  [
    7,
    'a range is rolled back, and a scanner that was given it is not told',
    [...written('a', 'b'), start('s'), got('s', 'a', 1), rolledBack(5, 10), got('s', 'b', 2)],
  ],
  [
    7,
    'a rolled-back message is delivered',
    [...written('a'), rolledBack(5, 10), start('s'), got('s', 'a', 1)],
  ],
  [
    7,
    'a rolled-back message is delivered, and later rolled back again with those behind it',
    [...written('a', 'b'), rolledBack(5, 10), start('s'), got('s', 'a', 1), rolledBack(5, 20)],
  ],
]
/** Histories in which one wrong delivery breaks two rules. */
const severalRules = new Set([
  'a transaction is delivered in two parts',
  'a message is delivered twice, as two stored copies',
])

test.each(broken)('rule %i: %s', (rule, what, events) => {
  const found = rules(...events)
  assert.ok(found.includes(rule as never), `found ${found}`)
  if (!severalRules.has(what)) assert.deepEqual(found, [rule])
})
test('each log of a history is checked by itself, and ids are compared as the caller says', () => {
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

test('a history written as JSON lines is read back unchanged, and a bad line is named in the error', () => {
  for (const events of Object.values(correctHistories)) {
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

test('a history of 200,000 events is checked with at most n log n comparisons of ids', () => {
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
