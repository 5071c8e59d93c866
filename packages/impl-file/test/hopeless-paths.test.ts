import assert from 'node:assert/strict'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openWal, type WalError } from '@wal/core'
import '@wal/impl-file'
import { afterEach, beforeEach, test } from 'vitest'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wal-paths-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Paths with which no open can ever succeed, by the error code of the system. */
const PATHS: Readonly<Record<string, () => Promise<string>>> = {
  ENAMETOOLONG: async () => join(folder, 'x'.repeat(300)),
  ELOOP: async () => {
    await symlink(join(folder, 'one'), join(folder, 'other'))
    await symlink(join(folder, 'other'), join(folder, 'one'))
    return join(folder, 'one')
  },
  ENOTDIR: async () => {
    await writeFile(join(folder, 'file'), '')
    return join(folder, 'file')
  },
}

async function refuses(code: string, accessMode: 'rw' | 'ro'): Promise<void> {
  const path = await (PATHS[code] as () => Promise<string>)()
  await assert.rejects(openWal(`file:${path}`, { channel: 'orders', accessMode }), (error: WalError) => {
    assert.equal(error.code, 'WAL_UNAVAILABLE')
    assert.equal(error.retryable, false)
    assert.match(error.message, new RegExp(`${code}.*: (choose|mend)`))
    assert.equal((error.cause as { code: string }).code, code)
    assert.equal('outcome' in error, false)
    return true
  })
}

test('H151: a path that is too long or leads back to itself is refused at once, with advice, and for good', () =>
  refuses('ENAMETOOLONG', 'rw'))

test.each([
  ['ENAMETOOLONG', 'ro'],
  ['ELOOP', 'rw'],
  ['ELOOP', 'ro'],
  ['ENOTDIR', 'rw'],
] as const)('a path with %s, opened %s, is refused at once, with advice, and for good', refuses)
