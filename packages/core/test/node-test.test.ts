import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const file = fileURLToPath(new URL('./memory-under-node-test.ts', import.meta.url))

test('the kit runs under node:test too', { timeout: 180_000 }, async () => {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--test', '--test-reporter=tap', file],
    {
      cwd: root,
      env: { ...environment, TSX_TSCONFIG_PATH: `${root}tsconfig.json` },
      maxBuffer: 16 << 20,
    },
  )
  const count = (what: string) => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(stdout)?.[1])
  assert.ok(count('pass') > 80, stdout.slice(-2000))
  assert.equal(count('fail'), 0)
})
