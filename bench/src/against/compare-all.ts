import type { BenchCase } from '../bench-case.js'
import { type CompareOptions, type ComparisonResult, compareCase, SideFailure } from './compare-case.js'
import { startShared } from './shared-server.js'
import { Side } from './side.js'

export interface Folders {
  /** The folder `bench/src` of the working tree and of the clone: the same files, with different packages installed. */
  readonly here: string
  readonly there: string
  /** The names of the cases that existed at the commit. */
  readonly ownThere: string
}

export interface Comparison {
  readonly results: readonly ComparisonResult[]
  readonly onlyHere: readonly OneSided[]
  readonly onlyThere: readonly OneSided[]
}

/** A case that only one side can run, with the reason why the other side cannot. */
export interface OneSided {
  readonly name: string
  readonly reason: string
}

/**
 * Compares all cases, one after another, and lists those that only one side can run. `all` are the cases of the working tree.
 */
export async function compareAll(
  chosen: readonly BenchCase[],
  all: readonly BenchCase[],
  folders: Folders,
  options: CompareOptions,
): Promise<Comparison> {
  const results: ComparisonResult[] = []
  const onlyHere: OneSided[] = []
  const onlyThere: OneSided[] = []
  for (const bench of chosen) {
    const server = await startShared(bench)
    const start = (side: 'here' | 'there') => new Side(folders[side], server?.environment(side))
    try {
      results.push(await compareCase(bench, start, options))
    } catch (error) {
      if (!(error instanceof SideFailure)) throw error
      options.progress(`${bench.name}: failed ${error.side}: ${error.message}`)
      const others = error.side === 'here' ? onlyThere : onlyHere
      others.push({ name: bench.name, reason: error.message })
    } finally {
      await server?.stop()
    }
  }
  const lister = new Side(folders.there)
  try {
    const own = await lister.list(folders.ownThere)
    const known = new Set(all.map(({ name }) => name))
    for (const name of own) if (!known.has(name)) onlyThere.push({ name, reason: 'no such case' })
    return { results, onlyHere, onlyThere }
  } finally {
    await lister.close()
  }
}
