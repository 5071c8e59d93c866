import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, test } from 'vitest'
import { runExample } from './run-example.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const guides = join(root, 'examples/guides')

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wal-guides-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** The output of a program of the guides. It runs in an empty folder, or in the folder that an earlier run has used. */
function run(name: string, ...parameters: string[]): Promise<string> {
  return runExample(join(guides, name), folder, ...parameters)
}

test('each program is short, and has its sentence in the README', async () => {
  const programs = (await readdir(guides)).filter((name) => name.endsWith('.mjs'))
  const readme = await readFile(join(guides, 'README.md'), 'utf8')
  assert.equal(readme.match(/^\| \[/gm)?.length, programs.length)
  assert.ok(programs.length >= 5)
  for (const name of programs) {
    const lines = (await readFile(join(guides, name), 'utf8')).trimEnd().split('\n')
    assert.ok(lines.length < 40, `${name} has ${lines.length} lines`)
    assert.match(readme, new RegExp(`\\(${name}\\) \\| [A-Z].*\\. \\|`), name)
  }
})

test('the README’s example is the quickstart, word for word', async () => {
  const [, example] = /```js\n([\s\S]*?)```/.exec(await readFile(join(root, 'README.md'), 'utf8')) ?? []
  assert.equal(example, await readFile(join(guides, 'quickstart.mjs'), 'utf8'))
})

test('quickstart prints what it appended', async () => {
  assert.match(await run('quickstart.mjs'), /^\d+n created hello\n$/)
})

test('long-form opens a writer and a reader by one opener, and closes both', async () => {
  assert.equal(await run('long-form.mjs'), 'hello\n')
})

test('interceptors change what is stored', async () => {
  assert.equal(await run('interceptors.mjs'), 'a1\n')
})

test('resume goes on behind what an earlier run had done', async () => {
  assert.match(await run('resume.mjs'), /^got order of \S+\n$/)
  assert.match(await run('resume.mjs'), /^got order of \S+\n$/)
})

test('failover ends the first writer, and the successor’s message is the last that counts', async () => {
  const printed = await run('failover.mjs')
  assert.deepEqual(printed.trim().split('\n').sort(), ['first: WAL_FENCED', 'last: from the second process'])
})

test('the service’s test passes', async () => {
  assert.match(await run('service.test.mjs'), /^\S+ pass 1$/m)
})

test('load-file stores every line', async () => {
  await writeFile(
    join(folder, 'lines.txt'),
    Array.from({ length: 250_000 }, (_, i) => `line ${i}\n`).join(''),
  )
  const printed = await run('load-file.mjs', 'lines.txt')
  assert.match(printed, /^250000 lines are stored$/m)
  assert.match(printed, /^200000 lines, up to \S+$/m)
})
