import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A README's JavaScript examples. */
async function examplesOf(readme: string): Promise<string[]> {
  const text = await readFile(join(root, readme), 'utf8')
  const examples = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, example]) => example as string)
  assert.ok(examples.length > 0, `${readme} has no js example`)
  for (const example of examples)
    assert.ok(example.trim().split('\n').length <= 20, `an example in ${readme} is long`)
  return examples
}

/** Runs an example as it stands, as plain `.mjs`, in an empty folder. */
async function runExample(example: string): Promise<string> {
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
  const [example = '', ...others] = await examplesOf('README.md')
  assert.match(await runExample(example), /^\d+n created hello$/m)
  assert.deepEqual(others, [])
})

test('the examples of the packages run, and show what they say', async () => {
  const [first = '', longForm = '', interceptors = '', ...others] =
    await examplesOf('packages/core/README.md')
  assert.match(await runExample(first), /^\d+n created hello$/m)
  assert.equal(await runExample(longForm), '')
  assert.equal(await runExample(interceptors), 'a1\n')
  const [ofFile = '', ...moreOfFile] = await examplesOf('packages/impl-file/README.md')
  assert.equal(await runExample(ofFile), 'one coffee created\n')
  assert.deepEqual([...others, ...moreOfFile], [])
})
