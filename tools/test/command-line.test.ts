import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  scripts: Record<string, string>
}

function run(command: string, ...words: string[]) {
  const [script = ''] = /tools\/\S+\.mjs/.exec(scripts[command] ?? '') ?? []
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test.each(['test', 'test:mutants', 'repeat', 'bench', 'try'])(
  'npm run %s -- --help prints the usage',
  (command) => {
    expect(run(command, '--help')).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^Usage: npm /),
      stderr: '',
    })
  },
)

test.each([['test:mutants', 'no-such-mutant'], ['repeat', 'often'], ['bench', '--fast'], ['try']])(
  'npm run %s with wrong words says what is wrong, and how it is used',
  (command, ...words) => {
    const { status, stdout, stderr } = run(command, ...words)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^.+\n\nUsage: npm run /)
  },
)
