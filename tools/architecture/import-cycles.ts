import { type FileMap, packageOf } from './file-map.js'
import { importsOf, parse, resolveImport } from './source-file.js'

/**
 * Cycles among a package's own files, each once, as the path round it. Type-only imports are left out: they
 * are gone at run time, and interfaces that name each other are no mistake.
 */
export function importCycles(files: FileMap): string[] {
  const edges = new Map([...files.keys()].filter(packageOf).map((path) => [path, targets(path, files)]))
  const cycles: string[] = []
  const done = new Set<string>()
  const trail: string[] = []
  const visit = (path: string) => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '))
    if (start >= 0 || done.has(path)) return
    trail.push(path)
    edges.get(path)?.forEach(visit)
    trail.pop()
    done.add(path)
  }
  for (const path of edges.keys()) visit(path)
  return cycles
}

function targets(path: string, files: FileMap): string[] {
  return importsOf(parse(path, files.get(path) ?? ''))
    .filter(({ typeOnly }) => !typeOnly)
    .map(({ specifier }) => (specifier?.startsWith('.') ? resolveImport(path, specifier, files) : undefined))
    .filter((target) => target !== undefined)
}
