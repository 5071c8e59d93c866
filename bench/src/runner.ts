import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchCase } from './bench-case.js'

export interface CaseResult {
  readonly name: string
  readonly unit: string
  readonly count: number
  readonly peer: string
  /** Operations per second, one figure for each round. */
  readonly ours: readonly number[]
  readonly peers: readonly number[]
  /** The ratio of our speed to the peer's in each round. */
  readonly ratios: readonly number[]
  readonly atLeast: number | undefined
}

/**
 * Runs a case and its peer by turns (ours, peer, ours, peer …), so that both run on the machine in the same state. The first
 * round of each is a warm-up and does not count. The median of the rounds' ratios is the result.
 */
export async function runCase(
  bench: BenchCase,
  options: { readonly rounds: number; readonly quick: boolean; readonly progress: (text: string) => void },
): Promise<CaseResult> {
  const folder = await mkdtemp(join(tmpdir(), 'wal-bench-'))
  const count = options.quick ? bench.quickCount : bench.count
  const { ours, peer } = await bench.prepare(folder)
  const result = { ours: [] as number[], peers: [] as number[], ratios: [] as number[] }
  try {
    for (let round = 0; round <= options.rounds; round++) {
      const mine = (count / (await ours.round(count))) * 1000
      const theirs = (count / (await peer.round(count))) * 1000
      options.progress(
        `${bench.name}: ${round === 0 ? 'warm-up' : `round ${round} of ${options.rounds}`}, ratio ${(mine / theirs).toFixed(2)}`,
      )
      if (round === 0) continue
      result.ours.push(mine)
      result.peers.push(theirs)
      result.ratios.push(mine / theirs)
    }
  } finally {
    await ours.close?.()
    await peer.close?.()
    await rm(folder, { recursive: true, force: true })
  }
  return { name: bench.name, unit: bench.unit, count, peer: peer.name, atLeast: bench.atLeast, ...result }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}
