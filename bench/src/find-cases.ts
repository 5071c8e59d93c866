import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BenchCase } from './bench-case.js'

export interface FoundCases {
  readonly cases: readonly BenchCase[]
  /** Files that could not be loaded. On the packages of an older commit, what a file imports may not exist. */
  readonly broken: readonly { readonly file: string; readonly reason: string }[]
}

/** Every case that a file of the folder exports, in the order of the files' names. */
export async function findCases(folder: string): Promise<FoundCases> {
  const cases: BenchCase[] = []
  const broken: { file: string; reason: string }[] = []
  for (const file of (await readdir(folder)).sort()) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue
    try {
      const exported: object = await import(pathToFileURL(join(folder, file)).href)
      cases.push(...Object.values(exported).filter(isCase))
    } catch (error) {
      broken.push({ file, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return { cases, broken }
}

function isCase(value: unknown): value is BenchCase {
  const { name, prepare } = (value ?? {}) as Partial<BenchCase>
  return typeof name === 'string' && typeof prepare === 'function'
}
