import type { Traits } from '@wal/walimpls'
import type { BackendUnderTest } from './conformance-options.js'
import { within } from './patience.js'
import { DEFAULT_PATIENCE_MS, Scene } from './scene.js'

/** Calls `context.test` once for each test of one promise. */
export type Part = (context: PartContext) => void

export interface PartContext {
  readonly backend: BackendUnderTest
  readonly traits: Traits
  /** Adds a test to the part. Its name states what a backend has to do. */
  test(name: string, run: (scene: Scene) => Promise<void>, choices?: TestChoices): void
}

export interface TestChoices {
  /** Why this backend need not pass the test. With a reason the test is listed as left out and does not run. */
  readonly doesNotApply?: string | undefined
  /** The test may take this many times as long as others. Default: 1. */
  readonly patience?: number
}

/** A test of the kit that no runner has been given yet. */
export interface ConformanceTest {
  readonly part: string
  readonly name: string
  /** Why this backend need not pass the test; undefined when it must. */
  readonly doesNotApply: string | undefined
  /** The test fails when it takes longer than this. */
  readonly patienceMs: number
  run(): Promise<void>
}

export function testsOf(partName: string, part: Part, backend: BackendUnderTest): ConformanceTest[] {
  const tests: ConformanceTest[] = []
  const { patienceMs = DEFAULT_PATIENCE_MS } = backend
  part({
    backend,
    traits: backend.builder.traits,
    test(name, run, { doesNotApply, patience = 1 } = {}) {
      const limit = patience * patienceMs
      tests.push({
        part: partName,
        name,
        doesNotApply,
        patienceMs: limit,
        run: () => runScene(name, run, limit),
      })
    },
  })
  return tests

  async function runScene(name: string, run: (scene: Scene) => Promise<void>, limit: number): Promise<void> {
    const scene = new Scene(backend)
    let failed = true
    try {
      await within(run(scene), { ms: limit, what: `${partName}: ${name}`, report: () => scene.report() })
      failed = false
    } finally {
      const ended = scene.end()
      // A test that failed often leaves something that cannot be closed. Report the first failure, not its consequence.
      await (failed ? ended.catch(() => {}) : ended)
    }
  }
}
