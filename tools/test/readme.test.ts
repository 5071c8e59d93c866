import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A README's first JavaScript example, run as it stands, as plain `.mjs`, in an empty folder. */
async function runExample(readme: string): Promise<string> {
  const text = await readFile(join(root, readme), 'utf8')
  const example = /```js\n([\s\S]*?)```/.exec(text)?.[1]
  assert.ok(example, `${readme} has no js example`)
  assert.ok(example.trim().split('\n').length <= 20, `the example in ${readme} is long`)
  const folder = await mkdtemp(join(tmpdir(), 'wal-readme-'))
  try {
    const file = join(folder, 'example.mjs')
    await writeFile(file, example)
    const loader = new URL('../../node_modules/tsx/dist/loader.mjs', import.meta.url).href
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', loader, file], {
      cwd: folder,
      env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
      timeout: 30_000,
    })
    return stdout
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('the example of the README runs and prints what it appended', async () => {
  assert.match(await runExample('README.md'), /^\d+n created hello$/m)
})

test('the examples of the packages run', async () => {
  for (const name of ['core', 'impl-file'])
    assert.notEqual(await runExample(`packages/${name}/README.md`), '')
})
