import type { PartContext } from '../kit/part.js'
import { runSeeded } from '../kit/seeded-run.js'
import { StrikeWorkload } from '../workload/strike-workload.js'
import { struckFlow } from '../workload/struck-flow.js'

const KILLS = 5

/** G2, G3, G4, G18 and G21 where the server is killed under its clients and started again. */
export function crashedPart({ backend, test }: PartContext): void {
  const { crash } = backend
  const unless = crash === undefined ? 'no `crash` was given' : undefined
  const strike = async () => crash?.()

  test(
    `the server killed in full flow, ${KILLS} times: each batch is as it was told, and what was acked is there`,
    (scene) => struckFlow(scene, { rounds: KILLS }, strike),
    unless,
  )

  test(
    `through the adaptor: the server killed under load, ${KILLS} times: nothing is lost, doubled or reordered, and outcomes are told as they are`,
    (scene) => runSeeded(scene, (seed) => new StrikeWorkload(scene, seed, KILLS, strike)),
    unless,
  )
}
