import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readFiles } from '../architecture/file-map.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const TEXTS = ['*.md', '{packages,tools,bench,examples,docs}/**/*.{ts,mts,cts,mjs,js,md,json,lua}']
/** Words that readers who learnt English second may not know. The brackets keep this list from matching itself. */
const HARD_WORDS = /\b(a[n]ew|for e[v]er|w[h]oever|l[e]st)\b| m[e]t /i

test('no comment, error, test name or document uses a word that has a plainer one', () => {
  const texts = readFiles(root, TEXTS)
  expect(texts.size).toBeGreaterThan(500)
  const found = [...texts].flatMap(([path, text]) =>
    text
      .split('\n')
      .flatMap((line, i) => (HARD_WORDS.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
  )
  expect(found).toEqual([])
})
