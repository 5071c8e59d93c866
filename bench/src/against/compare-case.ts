import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BenchCase } from '../bench-case.js'
import type { RoundTime } from './case-process.js'

/** What the comparison calls on a side. A `Side` runs in its own process. */
export interface ComparedSide {
  prepare(name: string, folder: string): Promise<void>
  round(count: number): Promise<RoundTime>
  close(): Promise<void>
}

export interface ComparisonResult {
  readonly name: string
  readonly unit: string
  readonly count: number
  /** Operations per second, one figure for each round. */
  readonly here: readonly number[]
  readonly there: readonly number[]
  /** The ratio of the working tree's speed to the commit's in each round. More is better. */
  readonly ratios: readonly number[]
  /** The same ratio by the CPU time of the processes, which other load on the machine disturbs less than elapsed time. */
  readonly cpuRatios: readonly number[]
}

export interface CompareOptions {
  readonly rounds: number
  readonly quick: boolean
  /** The folder for the files of a round. It is removed when the round ends. */
  readonly scratch: string
  readonly progress: (text: string) => void
}

/** The error of a case that one of the sides cannot run. */
export class SideFailure extends Error {
  constructor(
    readonly side: 'here' | 'there',
    reason: string,
  ) {
    super(reason)
  }
}

/**
 * Measures a case in rounds. Each round starts two new processes, one for each side, since the speed of a process depends on
 * chance (memory layout, compilation) and stays the same until its end. Both warm up; then they are measured in the order A B B
 * A, so that a machine that slows down during the round affects both alike. Which side is A alternates from round to round.
 */
export async function compareCase(
  bench: Pick<BenchCase, 'name' | 'unit' | 'count' | 'quickCount'>,
  start: (side: 'here' | 'there') => ComparedSide,
  { rounds, quick, scratch, progress }: CompareOptions,
): Promise<ComparisonResult> {
  const count = quick ? bench.quickCount : bench.count
  const result = {
    here: [] as number[],
    there: [] as number[],
    ratios: [] as number[],
    cpuRatios: [] as number[],
  }
  for (let round = 1; round <= rounds; round++) {
    const order = round % 2 === 1 ? (['here', 'there'] as const) : (['there', 'here'] as const)
    const { here, there } = await oneRound(bench.name, count, order, scratch, start)
    const ratio = there.wall / here.wall
    const cpuRatio = there.cpu / here.cpu
    progress(
      `${bench.name}: round ${round} of ${rounds}, ratio ${ratio.toFixed(2)}, by CPU time ${cpuRatio.toFixed(2)}`,
    )
    result.here.push((2 * count * 1000) / here.wall)
    result.there.push((2 * count * 1000) / there.wall)
    result.ratios.push(ratio)
    result.cpuRatios.push(cpuRatio)
  }
  return { name: bench.name, unit: bench.unit, count, ...result }
}

/** The time that each side took, summed over its two measurements. */
async function oneRound(
  name: string,
  count: number,
  [first, second]: readonly ['here' | 'there', 'here' | 'there'],
  scratch: string,
  start: (side: 'here' | 'there') => ComparedSide,
): Promise<{ here: RoundTime; there: RoundTime }> {
  const times = { here: { wall: 0, cpu: 0 }, there: { wall: 0, cpu: 0 } }
  const folder = await mkdtemp(join(scratch, 'round-'))
  const sides = { here: start('here'), there: start('there') }
  const on = async <T>(side: 'here' | 'there', work: (side: ComparedSide) => Promise<T>): Promise<T> => {
    try {
      return await work(sides[side])
    } catch (error) {
      throw new SideFailure(side, error instanceof Error ? error.message : String(error))
    }
  }
  try {
    for (const side of [first, second]) {
      const own = await mkdtemp(join(folder, `${side}-`))
      await on(side, (each) => each.prepare(name, own))
      await on(side, (each) => each.round(count))
    }
    for (const side of [first, second, second, first]) {
      const { wall, cpu } = await on(side, (each) => each.round(count))
      times[side].wall += wall
      times[side].cpu += cpu
    }
    return times
  } finally {
    await Promise.all([sides.here.close(), sides.there.close()])
    await rm(folder, { recursive: true, force: true })
  }
}
