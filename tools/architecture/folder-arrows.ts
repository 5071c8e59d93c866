import { posix } from 'node:path'
import { type FileMap, isTest, packageOf } from './file-map.js'
import { importsOf, parse, resolveImport } from './source-file.js'

/**
 * Pairs of folders of one package that import each other, type-only imports included, each with an import of either way.
 * A reader of such a pair has to know both before either. A folder inside another is a folder of its own. The package's
 * entry file puts everything together and is imported by nobody in it, so it is in no folder; tests are left out as well.
 */
export function foldersBothWays(files: FileMap): string[] {
  const examples = new Map<string, string>()
  for (const path of files.keys()) {
    if (packageOf(path) === undefined || isTest(path) || isEntry(path)) continue
    for (const { specifier } of importsOf(parse(path, files.get(path) ?? ''))) {
      const target = specifier?.startsWith('.') ? resolveImport(path, specifier, files) : undefined
      if (target === undefined || posix.dirname(target) === posix.dirname(path)) continue
      const arrow = arrowOf(posix.dirname(path), posix.dirname(target))
      if (!examples.has(arrow)) examples.set(arrow, `${path} imports ${target}`)
    }
  }
  const found: string[] = []
  for (const [arrow, example] of examples) {
    const [from, to] = arrow.split(' → ') as [string, string]
    const back = examples.get(arrowOf(to, from))
    if (from < to && back !== undefined) found.push(`${from} and ${to}: ${example}; ${back}`)
  }
  return found
}

function arrowOf(from: string, to: string): string {
  return `${from} → ${to}`
}

function isEntry(path: string): boolean {
  return /^packages\/[^/]+\/src\/index\.ts$/.test(path)
}
