import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { globSync } from 'tinyglobby'

/** The source texts of files, by their path from the repository's root, with forward slashes. */
export type FileMap = ReadonlyMap<string, string>

/** The subpaths that each package exports (`.`, `./testing`), by package name. */
export type ExportMap = ReadonlyMap<string, ReadonlySet<string>>

/** Glob patterns for the sources of this repository. */
export const SOURCES = '{packages,examples,bench,tools}/**/*.{ts,mts,cts,mjs,js}'
const NOT_OURS = ['node_modules', 'dist', 'coverage', '.turbo'].map((folder) => `**/${folder}/**`)

/** The files that match one of the glob patterns, without installed packages and built files. */
export function readFiles(root: string, patterns: string | string[]): FileMap {
  const paths = globSync(patterns, { cwd: root, ignore: NOT_OURS }).sort()
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

export function readExports(root: string): ExportMap {
  const exportsOf = new Map<string, ReadonlySet<string>>()
  for (const manifest of readFiles(root, 'packages/*/package.json').values()) {
    const { name, exports } = JSON.parse(manifest) as { name: string; exports: Record<string, unknown> }
    exportsOf.set(name, new Set(Object.keys(exports)))
  }
  return exportsOf
}

/** The name of the package, a folder under `packages/`, whose `src` holds the file. */
export function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\/src\//.exec(path)?.[1]
}

export function isTest(path: string): boolean {
  return /\.test\.[cm]?[jt]s$/.test(path)
}
