import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, test, vi } from 'vitest'

// This test is run with the tests that need servers, since it downloads packages as they do.

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** Long enough for an install from the registry, a build and the demo, over a slow line. */
const LIMIT_MS = 900_000

let clone = ''
beforeAll(async () => {
  clone = await mkdtemp(join(tmpdir(), 'wal-clone-'))
  // The files that a clone would have if all present changes were committed.
  const { stdout } = await run('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root })
  for (const path of stdout.split('\0').filter((name) => name !== '')) {
    await mkdir(dirname(join(clone, path)), { recursive: true })
    await cp(join(root, path), join(clone, path)).catch((error: NodeJS.ErrnoException) => {
      // A file that was removed, when the removal is not committed yet.
      if (error.code !== 'ENOENT') throw error
    })
  }
})
afterAll(() => rm(clone, { recursive: true }))

/** Runs a command of the README as a user would in a new clone: without the npm variables of this workspace. */
async function command(line: string): Promise<string> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|NODE_PATH$|VITEST|TSX_)/i.test(name)),
  )
  const { stdout } = await run(line, { cwd: clone, env, shell: true, maxBuffer: 64 << 20, timeout: LIMIT_MS })
  return stdout
}

function commandsUnder(heading: string, readme: string): string[] {
  const section = readme.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(section) ?? []
  return block
    .trim()
    .split('\n')
    .map((line) => line.replace(/ *#.*$/, ''))
}

vi.setConfig({ testTimeout: LIMIT_MS })

test('H160: what the README says to try works in a fresh clone, with nothing installed', async () => {
  const readme = await readFile(join(clone, 'README.md'), 'utf8')
  const [demo, tryOut, all] = commandsUnder('Try it', readme)
  // `npm test` is compared but not run, since it would run this test again.
  assert.deepEqual([demo, tryOut, all], ['npm run demo', 'npm run try -- try.mjs', 'npm test'])
  const [, example = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? []
  await writeFile(join(clone, 'try.mjs'), example)
  // This command comes first, while nothing is installed.
  assert.match(await command(tryOut as string), /^\d+n created hello$/m)
  assert.match(await command(demo as string), /231,083/)
})
