import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Source text by path from the repository's root, with forward slashes. */
export type FileMap = ReadonlyMap<string, string>

/** The subpaths (`.`, `./testing`) that each package exports, by package name. */
export type ExportMap = ReadonlyMap<string, ReadonlySet<string>>

const sourceFile = /\.(ts|mts|cts|mjs|js)$/
const notOurs = new Set(['node_modules', 'dist', 'coverage', '.turbo'])

/** The files of these folders whose names fit, sources when not said. */
export function readFiles(root: string, folders: readonly string[], named = sourceFile): FileMap {
  const files = new Map<string, string>()
  const visit = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory() && !notOurs.has(entry.name)) visit(path)
      else if (entry.isFile() && named.test(entry.name))
        files.set(path, readFileSync(join(root, path), 'utf8'))
    }
  }
  folders.forEach(visit)
  return files
}

export function readExports(root: string): ExportMap {
  const exportsOf = new Map<string, ReadonlySet<string>>()
  for (const folder of readdirSync(join(root, 'packages'))) {
    const path = join(root, 'packages', folder, 'package.json')
    if (!existsSync(path)) continue
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as {
      name: string
      exports: Record<string, unknown>
    }
    exportsOf.set(manifest.name, new Set(Object.keys(manifest.exports)))
  }
  return exportsOf
}

/** The folder under `packages/` whose `src` holds the file. */
export function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\/src\//.exec(path)?.[1]
}

export function isTest(path: string): boolean {
  return /\.test\.[cm]?[jt]s$/.test(path)
}
