import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'vitest'

const root = new URL('../../', import.meta.url)

/** The numbers of the cases that the reference lists. Cases from 101 on are our own, and their numbers only have to rise. */
const REFERENCE = [1, 2, 3, 7, 8, 10, 11, 13, 15, 16, 17, 18, 21, 22, 23, 24, 27, 28, 29, 30]

test('docs/decisions/catalogue.md says where each edge case is tested, and there it is', async () => {
  const page = await readFile(new URL('docs/decisions/catalogue.md', root), 'utf8')
  const rows = [...page.matchAll(/^\| (\d+) \| .+ \| `([^`]+)` \|$/gm)]
  const numbers = rows.map(([, number]) => Number(number))
  assert.deepEqual(
    numbers.filter((number) => number < 101),
    REFERENCE,
  )
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].sort((a, b) => a - b),
  )
  for (const [, number, file] of rows) {
    const source = await readFile(new URL(file as string, root), 'utf8')
    assert.match(source, new RegExp(`^test\\(\\s*'H${number}: `, 'm'), `${file} has no test H${number}`)
  }
})
