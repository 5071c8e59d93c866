import { systemRuntime } from '../../runtime/system-runtime.js'
import { FaultWorkload } from '../fault-workload.js'
import type { PartContext } from '../part.js'
import { within } from '../patience.js'

/** G1, G3 to G6 and G21 at once: a random workload under random faults, its history judged. */
export function faultsPart({ backend, test }: PartContext): void {
  test('whatever goes wrong, nothing is lost, doubled or reordered, and outcomes are told as they are', async (scene) => {
    const given = backend.seed ?? process.env.WAL_TEST_SEED
    const seed = given === undefined ? Math.floor(systemRuntime.random() * 2 ** 31) : Number(given)
    const workload = new FaultWorkload(scene, seed)
    const name = backend.name ?? backend.builder.name
    try {
      // Sooner than the test's own limit, which knows nothing of seeds.
      await within(workload.run(), 0.9 * scene.patienceMs, 'the workload', () => scene.report())
    } catch (cause) {
      throw new Error(`WAL_TEST_SEED=${seed}: ${String(cause)}; ${workload.report()}`, { cause })
    }
    console.log(`${name}: WAL_TEST_SEED=${seed}: ${workload.report()}`)
  })
}
