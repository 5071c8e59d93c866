import type { BackendUnderTest, ConformanceOptions } from './kit/conformance-options.js'
import { assertLeftOut } from './kit/left-out.js'
import { type ConformanceTest, type Part, testsOf } from './kit/part.js'
import { DEFAULT_PATIENCE_MS } from './kit/scene.js'
import { appendPart } from './parts/append.js'
import { badInputPart } from './parts/bad-input.js'
import { cancelPart } from './parts/cancel.js'
import { channelsPart } from './parts/channels.js'
import { closePart } from './parts/close.js'
import { crashedPart } from './parts/crashed.js'
import { disturbedPart } from './parts/disturbed.js'
import { faultsPart } from './parts/faults.js'
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
  /** What it failed with. */
  readonly error?: unknown
  /** Why it was not run. */
  readonly doesNotApply?: string
}

/** Registers the whole kit with a runner, as tests of the file that calls it. */
export function conformanceTests({ test, leftOut = [], ...backend }: ConformanceOptions): void {
  const name = backend.name ?? backend.builder.name
  const all = allTests(backend, PART_NAMES)
  // Ours is the time limit that says what it waited for: the runner's comes later, if ever.
  const runnersLimit = (patienceMs: number) => ({ timeout: 3 * patienceMs })
  for (const { part, name: promise, unless, patienceMs, run } of all)
    if (unless === undefined) test(`${name}: ${part}: ${promise}`, runnersLimit(patienceMs), run)
  const holds = async () => {
    assertLeftOut(all, leftOut)
    if (!backend.builder.traits.delete)
      console.log(`${name}: the kit leaves its channels behind (conformance-…): the backend does not delete.`)
  }
  test(`${name}: nothing else is left out`, runnersLimit(DEFAULT_PATIENCE_MS), holds)
}

/** The kit, or some parts of it, without a runner: one test after another. Failures are in the result. */
export async function runConformance(
  backend: BackendUnderTest,
  parts: readonly PartName[] = PART_NAMES,
): Promise<ConformanceResult[]> {
  const results: ConformanceResult[] = []
  for (const { part, name, unless, run } of allTests(backend, parts)) {
    if (unless !== undefined) results.push({ part, name, doesNotApply: unless })
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
