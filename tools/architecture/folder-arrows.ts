import { posix } from 'node:path'
import { type FileMap, isTest, packageOf } from './file-map.js'
import { importsOf, parse, resolveImport } from './source-file.js'

/**
 * Cycles of folders of one package, type-only imports included, each once, with an import for every arrow of it. Two folders
 * that import each other are the shortest: a reader has to know both before either; in a longer cycle no folder can be read
 * first. A folder inside another is a folder of its own. The package's entry file puts everything together and is imported
 * by nobody in it, so it is in no folder; tests are left out as well.
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

/** For every folder those that it imports from, each with an import as example. */
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

/** The folders of the shortest way from a folder back to itself. */
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
