import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BenchCase } from './bench-case.js'

export interface FoundCases {
  readonly cases: readonly BenchCase[]
  /**
   * Files that could not be loaded: with the packages of an older commit, a module or export that the file imports may be
   * missing.
   */
  readonly broken: readonly { readonly file: string; readonly reason: string }[]
}

/** All cases that the files of a folder export, in the order of the files' names. */
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
