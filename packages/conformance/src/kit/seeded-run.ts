import { systemRuntime } from '@wal/walimpls'
import { within } from './patience.js'
import type { Scene } from './scene.js'

/** A workload whose random choices come from a seed. */
export interface SeededWorkload {
  run(): Promise<void>
  /** What has happened so far, as counts. */
  report(): string
}

/**
 * Runs it with the seed that is given, the environment's (`WAL_TEST_SEED`), or another every time. The seed is printed, and
 * stands in the error when it fails.
 */
export async function runSeeded(scene: Scene, make: (seed: number) => SeededWorkload): Promise<void> {
  const { backend, patienceMs } = scene
  const given = backend.seed ?? process.env.WAL_TEST_SEED
  const seed = given === undefined ? Math.floor(systemRuntime.random() * 2 ** 31) : Number(given)
  const workload = make(seed)
  const name = backend.name ?? backend.builder.name
  try {
    // Sooner than the test's own limit, which knows nothing of seeds.
    await within(workload.run(), 0.9 * patienceMs, 'the workload', () => scene.report())
  } catch (cause) {
    throw new Error(`WAL_TEST_SEED=${seed}: ${String(cause)}; ${workload.report()}`, { cause })
  }
  console.log(`${name}: WAL_TEST_SEED=${seed}: ${workload.report()}`)
}
