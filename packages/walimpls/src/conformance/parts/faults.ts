import { FaultWorkload } from '../fault-workload.js'
import type { PartContext } from '../part.js'
import { runSeeded } from '../seeded-run.js'

/** G1, G3 to G6 and G21 at once: a random workload under random faults, its history judged. */
export function faultsPart({ test }: PartContext): void {
  test('whatever goes wrong, nothing is lost, doubled or reordered, and outcomes are told as they are', (scene) =>
    runSeeded(scene, (seed) => new FaultWorkload(scene, seed)))
}
