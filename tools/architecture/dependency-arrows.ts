import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { type ExportMap, type FileMap, isTest, packageOf } from './file-map.js'
import { importsOf, parse } from './source-file.js'

/**
 * The imports between packages that are not allowed. Allowed are `impl-* → walimpls ← core` and `conformance → walimpls`, and
 * these only by names that the other package exports.
 */
export function dependencyViolations(files: FileMap, exportsOf: ExportMap): string[] {
  const violations: string[] = []
  for (const [path, text] of files) {
    const from = packageOf(path)
    if (from === undefined) continue
    for (const specifier of importsOf(parse(path, text))) {
      const problem =
        specifier === undefined
          ? 'computes what it imports, so its dependencies cannot be checked'
          : (structureProblem(path, from, specifier, exportsOf) ?? arrowProblem(path, from, specifier))
      if (problem !== undefined) violations.push(`${path}: ${problem}`)
    }
  }
  return violations
}

function structureProblem(path: string, from: string, specifier: string, exportsOf: ExportMap) {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier)
    return packageOf(`${target}/`) === from ? undefined : `'${specifier}' leaves the sources of its package`
  }
  const workspace = workspaceImport(specifier)
  if (workspace === undefined) return undefined
  const exported = exportsOf.get(workspace.name)
  if (exported === undefined) return `'${specifier}' is not a package of this workspace`
  return exported.has(workspace.subpath) ? undefined : `'${specifier}' is not exported by ${workspace.name}`
}

function arrowProblem(path: string, from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.') || isBuiltin(specifier)) return undefined
  const to = workspaceImport(specifier)?.name.slice('@wal/'.length)
  if (to === from) return undefined
  if (to === undefined) {
    if (from !== 'walimpls' || isTest(path)) return undefined
    return `walimpls has no dependencies, but imports '${specifier}'`
  }
  if (from === 'walimpls') return `walimpls imports no other package, but '${specifier}'`
  if (from === 'conformance' && to !== 'walimpls')
    return `the kit is given core, and imports walimpls alone, but '${specifier}'`
  if (from === 'core' && to.startsWith('impl-')) return `core imports an implementation, '${specifier}'`
  if (from.startsWith('impl-') && to !== 'walimpls' && !(to === 'core' && isTest(path))) {
    return `an implementation imports walimpls alone, but '${specifier}'`
  }
  return undefined
}

function workspaceImport(specifier: string): { name: string; subpath: string } | undefined {
  const match = /^(@wal\/[^/]+)(\/.*)?$/.exec(specifier)
  return match?.[1] === undefined ? undefined : { name: match[1], subpath: `.${match[2] ?? ''}` }
}
