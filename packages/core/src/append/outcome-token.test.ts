import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { formatToken, joinTokens, type OutcomeToken, parseToken, type TickRun } from './outcome-token.js'

const MAX_TIME_TICK = (1n << 64n) - 1n

/** Runs behind `timeTick`, none of which continues the one before. */
function runsBehind(timeTick: bigint, steps: readonly (readonly [bigint, number])[]): TickRun[] {
  const runs: TickRun[] = []
  let last = timeTick
  for (const [distance, count] of steps) {
    const first = last + distance + (runs.length === 0 ? 0n : 1n)
    runs.push({ first, count })
    last = first + BigInt(count - 1)
  }
  return runs
}

const incarnation = fc.stringMatching(/^[a-z0-9]{1,32}$/)
const tokens: fc.Arbitrary<OutcomeToken> = fc
  .record({
    backend: fc.constantFrom('memory', 'redis-streams'),
    logIdentity: incarnation,
    writer: fc.record({ term: fc.maxSafeNat(), incarnation }),
    id: fc.oneof(
      fc.stringMatching(/^[!-~]{1,40}$/),
      fc.constantFrom('1-0', 'a:runs1:2', ':runs1:', '%3A', '∞'),
    ),
    timeTick: fc.bigInt({ min: 0n, max: MAX_TIME_TICK >> 1n }),
    steps: fc.array(fc.tuple(fc.bigInt({ min: 1n, max: 1n << 40n }), fc.integer({ min: 1, max: 1 << 16 })), {
      minLength: 1,
      maxLength: 50,
    }),
    notWritten: fc.integer({ min: 0, max: 1000 }),
  })
  .map(({ id, timeTick, steps, notWritten, ...place }) => {
    const runs = runsBehind(timeTick, steps)
    const total = runs.reduce((sum, { count }) => sum + count, notWritten)
    return { ...place, writer: { ...place.writer }, ackedBefore: { id, timeTick }, runs, total }
  })

test('a token comes back as it was, and is one word of ASCII', () => {
  fc.assert(
    fc.property(tokens, (token) => {
      const text = formatToken(token) as string
      assert.match(text, /^append:wal1:[!-~]+$/)
      assert.deepEqual(parseToken(text), token)
    }),
  )
})

test('a token that lost, gained or changed a character is refused, or is another whole token', () => {
  const change = fc.record({
    at: fc.nat(),
    sign: fc.constantFrom('', ':', '-', '.', '0', 'z', ' ', '%', 'é'),
  })
  fc.assert(
    fc.property(tokens, change, fc.boolean(), (token, { at, sign }, replaces) => {
      const text = formatToken(token) as string
      const place = at % text.length
      const changed = text.slice(0, place) + sign + text.slice(place + (replaces || sign === '' ? 1 : 0))
      let parsed: OutcomeToken
      try {
        parsed = parseToken(changed)
      } catch (error) {
        assert.match((error as { code: string }).code, /^WAL_(INVALID_ARGUMENT|SPEC_UNSUPPORTED)$/)
        return
      }
      // Each token has one text, but for the id of the backend, which may be encoded in several ways.
      const again = formatToken(parsed) as string
      assert.deepEqual(parseToken(again), parsed)
      assert.equal(again.split(':').length, changed.split(':').length)
    }),
    { numRuns: 2000 },
  )
})

test('what is no token is WAL_INVALID_ARGUMENT, a later format WAL_SPEC_UNSUPPORTED', () => {
  const position = 'wal1:memory:identity:a:1:writer:100'
  assert.deepEqual(parseToken(`append:${position}:runs1:3:1.1-2.1`), {
    backend: 'memory',
    logIdentity: 'identity',
    writer: { term: 1, incarnation: 'writer' },
    ackedBefore: { id: 'a', timeTick: 1296n },
    runs: [
      { first: 1297n, count: 1 },
      { first: 1299n, count: 1 },
    ],
    total: 3,
  })
  const foreign = 'wal1:memory:-:a:1:-:100:b'
  for (const bad of [
    undefined,
    null,
    5,
    {},
    '',
    'append:',
    position,
    // Of the format before: a position alone.
    `append:${position}`,
    `append:${position}:runs1:1:`,
    `append:${position}:runs1::1.1`,
    `append:${position}:runs1:01:1.1`,
    `append:${position}:runs1:-1:1.1`,
    `append:${position}:runs1:1:1`,
    `append:${position}:runs1:1:1.0`,
    `append:${position}:runs1:1:1.01`,
    `append:${position}:runs1:1:01.1`,
    `append:${position}:runs1:1:1.1.1`,
    `append:${position}:runs1:2:1.1-`,
    // At the record before, and right behind the run before: that would be one run.
    `append:${position}:runs1:1:0.1`,
    `append:${position}:runs1:2:1.1-1.1`,
    // Fewer messages than are named.
    `append:${position}:runs1:1:1.2`,
    `append:${position}:runs1:1:3w5e11264sgsf.2`,
    `append:${position}:runs1:9007199254740991:1.9007199254740992`,
    `append:${position}:+:runs1:1:1.1`,
    `append:${foreign}:runs1:1:1.1`,
    `append:${position}:runs1:1:1.1\n`,
    `append:${position}:runs1:1:1.1${'-2.1'.repeat(1 << 18)}`,
  ])
    assert.throws(() => parseToken(bad), { code: 'WAL_INVALID_ARGUMENT' }, String(bad).slice(0, 100))
  for (const later of [
    `append:${position}:runs2:1:1.1`,
    `append:${position.replace('wal1', 'wal2')}:runs1:1:1.1`,
  ])
    assert.throws(() => parseToken(later), { code: 'WAL_SPEC_UNSUPPORTED' }, later)
})

test('no text is longer than what is read, whatever it would name', () => {
  const runs = runsBehind(
    0n,
    Array.from({ length: 200_000 }, () => [1n, 1] as const),
  )
  const place = { backend: 'memory', logIdentity: 'i', writer: { term: 1, incarnation: 'w' } }
  const tokenOf = (some: readonly TickRun[]) =>
    formatToken({ ...place, ackedBefore: { id: 'a', timeTick: 0n }, runs: some, total: some.length })
  assert.equal(tokenOf(runs), undefined)
  const text = tokenOf(runs.slice(0, 100_000)) as string
  assert.equal(parseToken(text).runs.length, 100_000)
})

test('tokens of one writer join: the earliest record before, the messages of all', () => {
  const place = { backend: 'memory', logIdentity: 'i', writer: { term: 1, incarnation: 'w' } }
  const token = (timeTick: bigint, runs: TickRun[], writer = place.writer) =>
    formatToken({ ...place, writer, ackedBefore: { id: `${timeTick}`, timeTick }, runs, total: 1 }) as string
  const one = token(10n, [{ first: 20n, count: 1 }])
  const two = token(10n, [{ first: 21n, count: 1 }])
  const three = token(15n, [{ first: 30n, count: 1 }])
  assert.deepEqual(parseToken(joinTokens([one, two, three], 5)), {
    ...place,
    ackedBefore: { id: '10', timeTick: 10n },
    runs: [
      { first: 20n, count: 2 },
      { first: 30n, count: 1 },
    ],
    total: 5,
  })
  assert.equal(joinTokens([], 3), undefined)
  assert.equal(
    joinTokens([one, token(10n, [{ first: 40n, count: 1 }], { term: 2, incarnation: 'w' })], 2),
    undefined,
  )
})
