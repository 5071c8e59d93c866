import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { ERROR_CODES } from '@wal/walimpls'
import { test } from 'vitest'
import type { ReadOptions } from '../src/api/scanner.js'
import { checkReadOptions } from '../src/read/read-options.js'

/** The rows of the README's table under `heading`: the names in code spans, and the text of the second column. */
async function rowsUnder(heading: string): Promise<Map<string, string>> {
  const text = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? assert.fail(heading)
  const rows = new Map<string, string>()
  for (const [, names = '', second = ''] of section.matchAll(/^\| (`[^|]*) \|([^|]*)\|/gm))
    for (const [, name = ''] of names.matchAll(/`([^`]+)`/g)) rows.set(name, second.trim())
  return rows
}

test('the README lists every option of a read', async () => {
  const rows = await rowsUnder('Reading')
  assert.throws(
    () => checkReadOptions({ nonsense: 1 } as ReadOptions),
    ({ message }: Error) => {
      const known = /Options: (.*)\.$/.exec(message)?.[1]?.split(', ')
      assert.deepEqual([...rows.keys()].sort(), known?.sort())
      return true
    },
  )
})

test('the README lists every error code', async () => {
  const rows = await rowsUnder('Errors')
  assert.deepEqual([...rows.keys()].sort(), Object.keys(ERROR_CODES).sort())
})
