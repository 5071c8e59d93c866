import type { Traits } from '@wal/walimpls'
import type { BackendUnderTest } from './conformance-options.js'
import { within } from './patience.js'
import { DEFAULT_PATIENCE_MS, Scene } from './scene.js'

/** A part of the kit: a function that calls `context.test` once for each test of one promise. */
export type Part = (context: PartContext) => void

export interface PartContext {
  readonly backend: BackendUnderTest
  readonly traits: Traits
  /** Adds a test to the part. The test's name says what a backend has to do. */
  test(name: string, run: (scene: Scene) => Promise<void>, choices?: TestChoices): void
}

export interface TestChoices {
  /** Why this backend need not pass the test. With a reason the test is listed as left out and does not run. */
  readonly doesNotApply?: string | undefined
  /** The test may take this many times as long as others. Default: 1. */
  readonly patience?: number
}

/** A test of the kit, before it is handed to a test runner. */
export interface ConformanceTest {
  readonly part: string
  readonly name: string
  /** Why this backend need not pass the test; undefined when it must. */
  readonly doesNotApply: string | undefined
  /** The time limit of the test in milliseconds. */
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
      // After a failed test the cleanup often fails too. Report the test's failure, and not its consequence.
      await (failed ? ended.catch(() => {}) : ended)
    }
  }
}
