import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readFiles } from '../architecture/file-map.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const FOLDERS = ['packages', 'tools', 'bench', 'examples', 'docs']
const TEXT = /\.(ts|mts|cts|mjs|js|md|json|lua)$/
/** Words that readers who learnt English second stumble over; brackets keep this line from being found itself. */
const HARD_WORDS = /\b(a[n]ew|for e[v]er|w[h]oever|l[e]st)\b| m[e]t /i

test('no comment, error, test name or document uses a word that has a plainer one', () => {
  const pages = readdirSync(root).filter((name) => name.endsWith('.md'))
  const texts = new Map(pages.map((name) => [name, readFileSync(join(root, name), 'utf8')]))
  for (const [path, text] of readFiles(root, FOLDERS, TEXT)) texts.set(path, text)
  expect(texts.size).toBeGreaterThan(500)
  const found = [...texts].flatMap(([path, text]) =>
    text
      .split('\n')
      .flatMap((line, i) => (HARD_WORDS.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
  )
  expect(found).toEqual([])
})
