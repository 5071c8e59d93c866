const parts = 'packages/conformance/src/parts'
const judge = 'packages/conformance/src/workload/flow-judge.ts'
const mistakes = 'examples/custom-backend/test/served/mistakes.test.ts'
const bites = 'packages/core/test/kit/kit-bites.test.ts'
const ends = 'packages/core/test/kit/kit-ends.test.ts'
const texts = 'packages/core/test/kit/kit-texts.test.ts'

/** Mutants of the conformance kit and the history checker: each makes them overlook a mistake. */
export const kitMutants = [
  {
    name: 'kit: what is acked behind a newer writer’s opening record is passed over',
    file: judge,
    find: 'if (place > end) ',
    replace: 'if (place < 0) ',
    harness: mistakes,
  },
  {
    name: 'kit: a record that a reader passed over is not missed',
    file: judge,
    find: 'if (!given.has(this.#ids.serialise(id)))',
    replace: 'if (given.size === 0)',
    harness: mistakes,
  },
  {
    name: 'kit: nothing is read between a failure and the next attempt',
    file: 'packages/conformance/src/workload/struck-flow.ts',
    find: "    if (batch.outcome === 'not-written') wrong.push(",
    replace: "    if (batch.outcome === 'acked') wrong.push(",
    harness: mistakes,
  },
  {
    name: 'kit: every record is stored while the scanner waits',
    file: `${parts}/tail.ts`,
    find: "      if (moment === 'before next is called') await stored\n",
    replace: '',
    harness: mistakes,
  },
  {
    name: 'kit: a reader that tails over a lost end may be given another record',
    file: `${parts}/lost-end.ts`,
    find: "      await assertTold(scene, next, NEW)\n    },\n  )\n\n  testLoss('a reader whose connection",
    replace: "      await next.catch(() => {})\n    },\n  )\n\n  testLoss('a reader whose connection",
    harness: bites,
  },
  {
    name: 'kit: what lies before a hole may be left out',
    file: `${parts}/holes.ts`,
    find: '            assert.deepEqual(textsOf(records), textsOf(all.slice(first, 3)))\n',
    replace: '',
    harness: bites,
  },
  {
    name: 'kit: any place will do behind a hole',
    file: `${parts}/holes.ts`,
    find: "    assert.equal(\n      oldest,\n      serialise(idAt(behind, 0)),\n      '`oldest` of the WAL_POSITION_TRUNCATED error has to be the id of the first record behind the hole.',\n    )\n    const rest = await readAll(log, { from: parse(oldest as string) })\n    assert.deepEqual(textsOf(rest), textsOf(behind))\n",
    replace: '    void [oldest, behind, log]\n',
    harness: bites,
  },
  {
    name: 'kit: half of limits.maxIdleMs is enough',
    file: `${parts}/idle.ts`,
    find: '(newer.wal.limits.maxIdleMs ?? A_MONTH_MS) - 1',
    replace: '(newer.wal.limits.maxIdleMs ?? 1) / 2',
    harness: bites,
  },
  {
    name: 'kit: timers don’t run when time leaps',
    file: 'packages/conformance/src/kit/leaping-time.ts',
    find: '    for (const { run } of due.sort((a, b) => a.due - b.due)) run()\n',
    replace: '    void due\n',
    harness: bites,
  },
  {
    name: 'kit: a failed test goes on',
    file: 'packages/conformance/src/kit/scene.ts',
    find: '    if (this.waiting.signal.aborted) void close().catch(() => {})\n    else this.#closers',
    replace: '    this.#closers',
    harness: ends,
  },
  {
    name: 'kit: the user is planted for the password',
    file: `${parts}/secrets.ts`,
    find: 'password: `//other:',
    replace: 'password: `//hunter2-planted:',
    harness: texts,
  },
]
