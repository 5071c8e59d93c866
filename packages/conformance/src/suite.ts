import assert from 'node:assert/strict'
import type { BackendUnderTest, ConformanceOptions } from './kit/conformance-options.js'
import { type ConformanceTest, type Part, testsOf } from './kit/part.js'
import { DEFAULT_PATIENCE_MS } from './kit/scene.js'
import { appendPart } from './parts/append.js'
import { badInputPart } from './parts/bad-input.js'
import { cancelPart } from './parts/cancel.js'
import { channelsPart } from './parts/channels.js'
import { closePart } from './parts/close.js'
import { crashedPart, disturbedPart, faultsPart } from './parts/faults.js'
import { fencingPart } from './parts/fencing.js'
import { holesPart } from './parts/holes.js'
import { idlePart } from './parts/idle.js'
import { lostEndPart } from './parts/lost-end.js'
import { oncePart } from './parts/once.js'
import { outcomesPart } from './parts/outcomes.js'
import { positionsPart } from './parts/positions.js'
import { prefixPart } from './parts/prefix.js'
import { processesPart } from './parts/processes.js'
import { readPart } from './parts/read.js'
import { readOnlyPart } from './parts/read-only.js'
import { restoredCopyPart } from './parts/restored-copy.js'
import { roundTripPart } from './parts/round-trip.js'
import { secretsPart } from './parts/secrets.js'
import { sizePart } from './parts/size.js'
import { tailPart } from './parts/tail.js'
import { takenBackPart } from './parts/taken-back.js'
import { takeoverPart } from './parts/takeover.js'
import { termsPart } from './parts/terms.js'
import { truncatePart } from './parts/truncate.js'

const PARTS = {
  append: appendPart,
  terms: termsPart,
  prefix: prefixPart,
  outcomes: outcomesPart,
  once: oncePart,
  'round-trip': roundTripPart,
  size: sizePart,
  read: readPart,
  positions: positionsPart,
  tail: tailPart,
  truncate: truncatePart,
  fencing: fencingPart,
  takeover: takeoverPart,
  'taken-back': takenBackPart,
  idle: idlePart,
  'lost-end': lostEndPart,
  'restored-copy': restoredCopyPart,
  holes: holesPart,
  'read-only': readOnlyPart,
  channels: channelsPart,
  close: closePart,
  cancel: cancelPart,
  'bad-input': badInputPart,
  secrets: secretsPart,
  faults: faultsPart,
  disturbed: disturbedPart,
  crashed: crashedPart,
  processes: processesPart,
} as const satisfies Record<string, Part>

export type PartName = keyof typeof PARTS

export const PART_NAMES = Object.keys(PARTS) as PartName[]

export interface ConformanceResult {
  readonly part: string
  readonly name: string
  /** What the test failed with; absent when it passed or did not run. */
  readonly error?: unknown
  /** Why the test does not apply to this backend; absent when it ran. */
  readonly doesNotApply?: string
}

/** Registers every test of the kit with a test runner. Call this at the top level of a test file. */
export function conformanceTests({ test, leftOut = [], ...backend }: ConformanceOptions): void {
  const name = backend.name ?? backend.builder.name
  const all = allTests(backend, PART_NAMES)
  // The kit has a time limit of its own, whose error says what the test waited for. The test runner's limit must be longer.
  const runnersLimit = (patienceMs: number) => ({ timeout: 3 * patienceMs })
  for (const { part, name: promise, doesNotApply, patienceMs, run } of all)
    if (doesNotApply === undefined) test(`${name}: ${part}: ${promise}`, runnersLimit(patienceMs), run)
  const holds = async () => {
    assertLeftOut(all, leftOut)
    if (!backend.builder.traits.delete)
      console.log(
        `${name}: the backend cannot delete channels. Those of the kit stay; their names begin with "conformance-".`,
      )
  }
  test(`${name}: leftOut names exactly the tests that do not apply`, runnersLimit(DEFAULT_PATIENCE_MS), holds)
}

/** Runs all parts of the kit, or some, without a test runner. The tests run one after another; failures are in the result. */
export async function runConformance(
  backend: BackendUnderTest,
  parts: readonly PartName[] = PART_NAMES,
): Promise<ConformanceResult[]> {
  const results: ConformanceResult[] = []
  for (const { part, name, doesNotApply, run } of allTests(backend, parts)) {
    if (doesNotApply !== undefined) results.push({ part, name, doesNotApply })
    else
      results.push(
        await run().then(
          () => ({ part, name }),
          (error: unknown) => ({ part, name, error }),
        ),
      )
  }
  return results
}

function allTests(backend: BackendUnderTest, parts: readonly PartName[]): ConformanceTest[] {
  return parts.flatMap((part) => testsOf(part, PARTS[part], backend))
}

/**
 * Fails unless `named` is exactly the list of tests that do not apply to the backend: each as `part: name`, or as `part` when
 * no test of the part applies. So a backend's test file shows what is left out, and nobody overlooks a test that begins to
 * apply.
 */
function assertLeftOut(tests: readonly ConformanceTest[], named: readonly string[]): void {
  const leftOut = tests.filter(({ doesNotApply }) => doesNotApply !== undefined)
  const whole = new Set(
    leftOut
      .map(({ part }) => part)
      .filter((part) => tests.every((each) => each.part !== part || each.doesNotApply)),
  )
  const names = leftOut.map(({ part, name }) => (whole.has(part) ? part : `${part}: ${name}`))
  const reasons = leftOut.map(({ part, name, doesNotApply }) => `${part}: ${name}: ${doesNotApply}`)
  const expected = [...new Set(names)].sort()
  assert.deepEqual(
    [...named].sort(),
    expected,
    `Pass leftOut: ${JSON.stringify(expected)}. Those are the tests that do not apply to this backend:\n${reasons.join('\n')}`,
  )
}
