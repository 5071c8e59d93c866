import { posix } from 'node:path'
import { type FileMap, isTest, packageOf } from './file-map.js'
import { importsOf, parse, resolveImport } from './source-file.js'

/**
 * Finds folders of one package that import each other, directly or in a longer circle, type-only imports included. Each circle
 * is answered once, with one import for every step. A reader has to know all folders of a circle before any of them. A folder
 * inside another counts as a folder of its own. Left out are tests, and the package's entry file, which imports everything and
 * which no file of the package imports.
 */
export function folderCycles(files: FileMap): string[] {
  const arrows = folderArrows(files)
  const found = new Map<string, string>()
  for (const folder of [...arrows.keys()].sort()) {
    const cycle = shortestCycle(folder, arrows)
    if (cycle === undefined) continue
    const examples = cycle.map((from, i) => arrows.get(from)?.get(cycle[(i + 1) % cycle.length] as string))
    const names = [...cycle].sort().join(' and ')
    if (!found.has(names)) found.set(names, `${names}: ${examples.join('; ')}`)
  }
  return [...found.values()]
}

/** The folders that each folder imports from, with one import as an example. */
function folderArrows(files: FileMap): Map<string, Map<string, string>> {
  const arrows = new Map<string, Map<string, string>>()
  for (const path of files.keys()) {
    if (packageOf(path) === undefined || isTest(path) || isEntry(path)) continue
    for (const specifier of importsOf(parse(path, files.get(path) ?? ''))) {
      const target = specifier?.startsWith('.') ? resolveImport(path, specifier, files) : undefined
      if (target === undefined || posix.dirname(target) === posix.dirname(path)) continue
      const from = posix.dirname(path)
      const targets = arrows.get(from) ?? new Map<string, string>()
      arrows.set(from, targets)
      if (!targets.has(posix.dirname(target))) targets.set(posix.dirname(target), `${path} imports ${target}`)
    }
  }
  return arrows
}

/** The folders on the shortest way that leads from a folder back to itself. */
function shortestCycle(start: string, arrows: ReadonlyMap<string, ReadonlyMap<string, string>>) {
  const ways = [[start]]
  const seen = new Set<string>()
  for (const way of ways) {
    for (const next of arrows.get(way[way.length - 1] as string)?.keys() ?? []) {
      if (next === start) return way
      if (seen.has(next)) continue
      seen.add(next)
      ways.push([...way, next])
    }
  }
  return undefined
}

function isEntry(path: string): boolean {
  return /^packages\/[^/]+\/src\/index\.ts$/.test(path)
}
