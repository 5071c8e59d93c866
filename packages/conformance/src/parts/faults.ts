import type { PartContext } from '../kit/part.js'
import { runSeeded } from '../kit/seeded-run.js'
import { FaultWorkload } from '../workload/fault-workload.js'

/** G1, G3 to G6 and G21 at once: a random workload under random faults, its history judged. */
export function faultsPart({ test }: PartContext): void {
  test('whatever goes wrong, nothing is lost, doubled or reordered, and outcomes are told as they are', (scene) =>
    runSeeded(scene, (seed) => new FaultWorkload(scene, seed)))
}
