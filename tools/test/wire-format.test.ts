import { readFileSync } from 'node:fs'
import { RESERVED } from '@wal/walimpls'
import { expect, test } from 'vitest'

const document = readFileSync(new URL('../../docs/wire-format.md', import.meta.url), 'utf8')

test('the wire format describes every reserved key that the sources name, once', () => {
  const described = [...document.matchAll(/^\| `(_\w+)` \|/gm)].map(([, key]) => key as string)
  expect(new Set(described).size).toBe(described.length)
  expect(described).toEqual(expect.arrayContaining(Object.values(RESERVED)))
})
