import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Where the paths in ARCHITECTURE.md begin that do not begin at the repository's root. */
const BEGINNINGS = ['', 'packages/core/src/', 'packages/walimpls/src/message/']

test('every file and folder that ARCHITECTURE.md names is there', () => {
  const text = readFileSync(`${root}/ARCHITECTURE.md`, 'utf8')
  const named = [...text.matchAll(/`([a-z][\w.-]*(?:\/[\w.-]*)+)`/g)].map(([, path]) => path as string)
  expect(named.length).toBeGreaterThan(60)
  const missing = named.filter((path) => !BEGINNINGS.some((beginning) => existsSync(root + beginning + path)))
  expect(missing).toEqual([])
})
