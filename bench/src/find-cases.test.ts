import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished, test } from 'vitest'
import { findCases } from './find-cases.js'

test('finds the cases of a folder, and names the files that cannot be loaded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wal-cases-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(
    join(folder, 'b.ts'),
    'export const b = { name: "b", prepare() {} }; export const other = 1',
  )
  await writeFile(join(folder, 'a.ts'), 'export const a = { name: "a", prepare() {} }')
  await writeFile(join(folder, 'c.ts'), 'import "./gone.js"')
  await writeFile(join(folder, 'd.md'), 'no source')
  const { cases, broken } = await findCases(folder)
  assert.deepEqual(
    cases.map(({ name }) => name),
    ['a', 'b'],
  )
  assert.deepEqual(
    broken.map(({ file }) => file),
    ['c.ts'],
  )
})

test('every file of bench/src/cases can be loaded, and no two cases share a name', async () => {
  const { cases, broken } = await findCases(fileURLToPath(new URL('cases', import.meta.url)))
  assert.deepEqual(broken, [])
  const names = cases.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  assert.ok(names.length >= 6)
})
