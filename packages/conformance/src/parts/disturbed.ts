import type { PartContext } from '../kit/part.js'
import { runSeeded } from '../kit/seeded-run.js'
import { StrikeWorkload } from '../workload/strike-workload.js'
import { struckFlow } from '../workload/struck-flow.js'

/** Of the writer at the contract. */
const BREAKS = 30
/** By then what never happened never will. */
const MOST_BREAKS = 150
/** Under the adaptor, where readers wait longer for their next try. */
const BREAKS_UNDER_LOAD = 12

/** G3, G4 and G21 where the connections of the backend itself break, not a fault that is put around it. */
export function disturbedPart({ backend, test }: PartContext): void {
  const { disturb } = backend
  const unless = disturb === undefined ? 'no `disturb` was given' : undefined
  const strike = async () => disturb?.()

  test(
    `connections broken in full flow, ${BREAKS} times: each batch is as it was told, and none is stored behind one that failed`,
    (scene) => struckFlow(scene, { rounds: BREAKS, mostRounds: MOST_BREAKS }, strike),
    unless,
  )

  test(
    `through the adaptor: connections broken under load, ${BREAKS_UNDER_LOAD} times: nothing is lost, doubled or reordered, and outcomes are told as they are`,
    (scene) => runSeeded(scene, (seed) => new StrikeWorkload(scene, seed, BREAKS_UNDER_LOAD, strike)),
    unless,
  )
}
