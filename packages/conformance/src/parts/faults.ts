import type { PartContext } from '../kit/part.js'
import { runSeeded } from '../kit/seeded-run.js'
import { FaultWorkload } from '../workload/fault-workload.js'
import { StrikeWorkload } from '../workload/strike-workload.js'
import { struckFlow } from '../workload/struck-flow.js'

/** How many times the connections of a writer are broken that calls the backend directly. */
const BREAKS = 30
/** How many times the connections are broken at most, until the outcome of some batch is unknown. */
const MOST_BREAKS = 150
/** How many times the connections under `@wal/core` are broken. Fewer, since its readers wait longer before they try again. */
const BREAKS_UNDER_LOAD = 12
/** How many times the server is killed. */
const KILLS = 5

/**
 * G1, G3 to G6 and G21 together: a random workload over a backend whose calls fail at random. The history checker judges it.
 */
export function faultsPart({ test }: PartContext): void {
  test('under random faults nothing is lost, delivered twice or out of order, and every outcome is true', (scene) =>
    runSeeded(scene, (seed) => new FaultWorkload(scene, seed)))
}

/** G3, G4 and G21 when the backend's own connections break. */
export function disturbedPart({ backend, test }: PartContext): void {
  const { disturb } = backend
  const choices = { doesNotApply: disturb === undefined ? 'The hook `disturb` was not given.' : undefined }
  const strike = async () => disturb?.()

  test(
    `each batch has a true outcome and none is stored behind one that failed, when connections break ${BREAKS} times under a writer at full speed`,
    (scene) => struckFlow(scene, { rounds: BREAKS, mostRounds: MOST_BREAKS, strike }),
    choices,
  )

  test(
    `through the adaptor: nothing is lost, delivered twice or out of order, and every outcome is true, when connections break ${BREAKS_UNDER_LOAD} times under load`,
    (scene) =>
      runSeeded(scene, (seed) => new StrikeWorkload(scene, { seed, strikes: BREAKS_UNDER_LOAD, strike })),
    choices,
  )
}

/** G2, G3, G4, G18 and G21 when the server is killed under its clients and started again. */
export function crashedPart({ backend, test }: PartContext): void {
  const { crash } = backend
  const choices = { doesNotApply: crash === undefined ? 'The hook `crash` was not given.' : undefined }
  const strike = async () => crash?.()

  test(
    `each batch has a true outcome and what was acked is stored, when the server is killed ${KILLS} times under a writer at full speed`,
    (scene) => struckFlow(scene, { rounds: KILLS, strike }),
    choices,
  )

  test(
    `through the adaptor: nothing is lost, delivered twice or out of order, and every outcome is true, when the server is killed ${KILLS} times under load`,
    (scene) => runSeeded(scene, (seed) => new StrikeWorkload(scene, { seed, strikes: KILLS, strike })),
    choices,
  )
}
