import { systemRuntime } from '@wal/walimpls'
import { within } from './patience.js'
import type { Scene } from './scene.js'

/** A workload whose random choices come from a seed. */
export interface SeededWorkload {
  run(): Promise<void>
  /** Counts of what has happened so far, by name. */
  report(): string
}

/** The counts as text, for example "acked 40, unknown 2". */
export function countsAsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}

/**
 * Runs a workload with a seed: that of the kit's options, else that of the environment (`WAL_TEST_SEED`), else a random one.
 * The seed is printed when the workload succeeds, and is part of the error when it fails.
 */
export async function runSeeded(scene: Scene, make: (seed: number) => SeededWorkload): Promise<void> {
  const { backend, patienceMs } = scene
  const given = backend.seed ?? process.env.WAL_TEST_SEED
  const seed = given === undefined ? Math.floor(systemRuntime.random() * 2 ** 31) : Number(given)
  const workload = make(seed)
  const name = backend.name ?? backend.builder.name
  try {
    // A little less than the test's time limit, since the error of that limit would not name the seed.
    await within(workload.run(), {
      ms: 0.9 * patienceMs,
      what: 'the workload',
      report: () => scene.report(),
    })
  } catch (cause) {
    throw new Error(`WAL_TEST_SEED=${seed}: ${String(cause)}; ${workload.report()}`, { cause })
  }
  console.log(`${name}: WAL_TEST_SEED=${seed}: ${workload.report()}`)
}
