import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'vitest'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** Runs a program of this folder and answers what it printed. When it does not end by itself, it is killed and the test fails. */
async function run(file: string, ...before: string[]): Promise<string> {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env
  const path = fileURLToPath(new URL(file, import.meta.url))
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', ...before, path], {
      cwd: root,
      env: { ...environment, TSX_TSCONFIG_PATH: `${root}tsconfig.json` },
      timeout: 40_000,
      killSignal: 'SIGKILL',
    })
    return stdout
  } catch (error) {
    const { killed, stdout, message } = error as Error & { killed?: boolean; stdout?: string }
    assert.ok(!killed, `${file} did not end by itself; it printed: ${stdout}`)
    assert.ok(before.includes('--test'), message)
    return stdout ?? ''
  }
}

test('H182: a scanner that hangs after a truncation fails one test of the kit and stops no timer', async () => {
  const printed = await run('scanner-hung-by-truncation.ts')
  assert.match(
    printed,
    /^failed a scanner whose next records are truncated rejects there, or gives all that it has read ahead$/m,
  )
  assert.match(printed, /^done$/m)
})

test('H183: a process whose random workload failed under node:test ends by itself', async () => {
  const printed = await run(
    'failed-faults-under-node-test.ts',
    '--test',
    '--test-reporter=tap',
    '--test-name-pattern=faults:',
  )
  assert.match(printed, /^# fail 1$/m)
})
