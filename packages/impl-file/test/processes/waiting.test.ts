import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'vitest'
import { Child } from '../child-process.js'

/** A process that nothing keeps alive ends in a fraction of this time. */
const LONGER_THAN_AN_EXIT_MS = 700

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wal-waiting-'))
})
afterEach(() => rm(folder, { recursive: true }))

const CASES = ['file', 'memory'].flatMap((backend) =>
  ['rw', 'ro'].flatMap((accessMode) => ['ts', 'cjs'].map((module) => [backend, accessMode, module] as const)),
)

async function waits(backend: string, accessMode: string, module: string): Promise<void> {
  const url = backend === 'file' ? `file:${folder}` : 'memory:'
  const child = new Child(new URL(`./waiting-reader.${module}`, import.meta.url), [url, accessMode])
  await child.line('waiting')
  await new Promise((resolve) => setTimeout(resolve, LONGER_THAN_AN_EXIT_MS))
  assert.equal(child.exitCode, null, `the process ended while its reader waited; it said ${child.lines}`)
  child.signal('SIGTERM')
  assert.equal(await child.ended(), 0)
  assert.deepEqual(child.lines.slice(0, 2), ['only', 'waiting'])
  assert.deepEqual(child.lines.slice(2).sort(), ['closed', 'the loop ended'])
}

test('H142: a reader that waits at the end keeps its process alive until it is closed', () =>
  waits('file', 'rw', 'ts'))

test.each(CASES.slice(1))(
  'a reader that waits on %s, opened %s by a main module in .%s, keeps its process alive until it is closed',
  waits,
)
