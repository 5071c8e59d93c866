import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** The folders in which a path of ARCHITECTURE.md may begin, besides the repository's root. */
const BEGINNINGS = ['', 'packages/core/src/', 'packages/walimpls/src/message/']
const text = readFileSync(`${root}/ARCHITECTURE.md`, 'utf8')
const named = [...text.matchAll(/`([a-z][\w.-]*(?:\/[\w.-]*)+)`/g)].map(([, path]) => path as string)

test('every file and folder that ARCHITECTURE.md names is there', () => {
  expect(named.length).toBeGreaterThan(60)
  const missing = named.filter((path) => !BEGINNINGS.some((beginning) => existsSync(root + beginning + path)))
  expect(missing).toEqual([])
})

test('ARCHITECTURE.md names every folder of the packages’ sources', () => {
  const known = new Set(
    named.flatMap((path) => BEGINNINGS.map((beginning) => (beginning + path).replace(/\/$/, ''))),
  )
  const folders = readdirSync(`${root}/packages`).flatMap((name) => foldersFrom(`packages/${name}/src`))
  expect(folders.length).toBeGreaterThan(30)
  expect(folders.filter((folder) => !known.has(folder) && folder !== 'packages/core/src')).toEqual([])
})

/** The folder and all folders in it. */
function foldersFrom(folder: string): string[] {
  const inside = readdirSync(root + folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return [folder, ...inside.flatMap(({ name }) => foldersFrom(`${folder}/${name}`))]
}
