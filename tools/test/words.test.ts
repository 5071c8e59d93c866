import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const PLACES = ['packages', 'tools', 'bench', 'examples', 'docs']
const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.turbo'])
const TEXT = /\.(ts|mts|cts|mjs|js|md|json|lua)$/
/** Words that readers who learnt English second stumble over; brackets keep this line from being found itself. */
const HARD_WORDS = /\b(a[n]ew|for e[v]er|w[h]oever|l[e]st)\b| m[e]t /i

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesIn(path) : TEXT.test(path) ? [path] : []
  })
}

test('no comment, error, test name or document uses a word that has a plainer one', () => {
  const pages = readdirSync(root).filter((name) => name.endsWith('.md'))
  const files = [...PLACES.flatMap(filesIn), ...pages]
  expect(files.length).toBeGreaterThan(500)
  const found = files.flatMap((path) =>
    readFileSync(join(root, path), 'utf8')
      .split('\n')
      .flatMap((line, i) => (HARD_WORDS.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
  )
  expect(found).toEqual([])
})
