import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, test, vi } from 'vitest'

// Beside the tests that need servers, since it downloads as they do.

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** An install from the registry, a build and the demo, on a slow line. */
const LIMIT_MS = 900_000

let clone = ''
beforeAll(async () => {
  clone = await mkdtemp(join(tmpdir(), 'wal-clone-'))
  // What a clone would have, with changes that are not committed yet.
  const { stdout } = await run('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root })
  for (const path of stdout.split('\0').filter((name) => name !== '')) {
    await mkdir(dirname(join(clone, path)), { recursive: true })
    await cp(join(root, path), join(clone, path)).catch((error: NodeJS.ErrnoException) => {
      // Removed, and not committed yet.
      if (error.code !== 'ENOENT') throw error
    })
  }
})
afterAll(() => rm(clone, { recursive: true }))

/** Runs a command of the README as somebody does who has just cloned: with no variable of this workspace's npm. */
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
  // The whole of the tests is what runs this one.
  assert.deepEqual([demo, tryOut, all], ['npm run demo', 'npm run try -- try.mjs', 'npm test'])
  const [, example = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? []
  await writeFile(join(clone, 'try.mjs'), example)
  // First: nothing is there yet.
  assert.match(await command(tryOut as string), /^\d+n created hello$/m)
  assert.match(await command(demo as string), /231,083/)
})
