import type { Traits } from '@wal/walimpls'
import type { BackendUnderTest } from './conformance-options.js'
import { within } from './patience.js'
import { DEFAULT_PATIENCE_MS, Scene } from './scene.js'

/** A promise and its tests: one file in `parts`. */
export type Part = (context: PartContext) => void

export interface PartContext {
  readonly backend: BackendUnderTest
  readonly traits: Traits
  /** A test; with `unless`, which says why the promise is not the backend's to keep, it is only named in the report. */
  test(name: string, run: (scene: Scene) => Promise<void>, unless?: string, more?: TestChoices): void
}

export interface TestChoices {
  /** It does more than others and may take so many times as long. Default: 1. */
  readonly patience?: number
}

/** A test of the kit, not yet handed to a runner. */
export interface ConformanceTest {
  readonly part: string
  readonly name: string
  /** Why it does not apply to this backend. */
  readonly unless: string | undefined
  /** How long it may take. */
  readonly patienceMs: number
  run(): Promise<void>
}

export function testsOf(partName: string, part: Part, backend: BackendUnderTest): ConformanceTest[] {
  const tests: ConformanceTest[] = []
  const { patienceMs = DEFAULT_PATIENCE_MS } = backend
  part({
    backend,
    traits: backend.builder.traits,
    test(name, run, unless, { patience = 1 } = {}) {
      const limit = patience * patienceMs
      tests.push({
        part: partName,
        name,
        unless,
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
      await within(run(scene), limit, `${partName}: ${name}`, () => scene.report())
      failed = false
    } finally {
      const ended = scene.end()
      // What failed first says more than what could not be closed after it.
      await (failed ? ended.catch(() => {}) : ended)
    }
  }
}
