import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const tsx = join(dirname(createRequire(import.meta.url).resolve('tsx/package.json')), 'dist/loader.mjs')
const temporary = mkdtempSync(join(tmpdir(), 'wal-flights-test-'))
afterAll(() => rmSync(temporary, { recursive: true }))

/** What the demo has left behind in the temporary folder. The files that tsx keeps there do not count. */
const leftovers = () => readdirSync(temporary).filter((name) => name.startsWith('wal-'))

/** Runs the demo as `npm run demo` does, but on the sources instead of the built packages, by the `paths` of tsconfig.json. */
function startDemo(...options: string[]) {
  const main = join(root, 'examples/flights/src/main.ts')
  const child = spawn(process.execPath, ['--import', pathToFileURL(tsx).href, main, ...options], {
    cwd: root,
    env: { ...process.env, TMPDIR: temporary, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text
  })
  const ended = new Promise<{ code: number | null; output: string; errors: string }>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output, errors }))
  })
  return { child, ended }
}

test('ends with `verified` after two kills, and leaves nothing behind', async () => {
  const { code, output, errors } = await startDemo('--records', '20000').ended
  assert.equal(errors, '')
  assert.equal(code, 0)
  assert.equal(output.match(/SIGKILL/g)?.length, 2)
  assert.match(output, /crash 2: /)
  assert.match(output, /\nverified\n$/)
  assert.deepEqual(leftovers(), [])
})

test('names the record whose payload was damaged', async () => {
  const { code, output, errors } = await startDemo('--records', '20000', '--damage').ended
  assert.equal(code, 1)
  assert.match(errors, /reader here: the payload of the record with index 10000 is not that of the input/)
  assert.doesNotMatch(output, /verified/)
  assert.deepEqual(leftovers(), [])
})

test('an interruption ends its processes and removes its folder', async () => {
  const { child, ended } = startDemo()
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGINT'), 1000))
  const { code, errors } = await ended
  assert.match(errors, /interrupted by SIGINT/)
  assert.equal(code, 130)
  assert.deepEqual(leftovers(), [])
})

test.each([
  [
    ['--backend', 'nonesuch'],
    /no backend "nonesuch" here; there are: file, kafka, pulsar, redis-streams, sqlite/,
  ],
  [['--records', 'many'], /--records takes a whole number from 1000 to 231083, not "many"/],
  [['--colour'], /Unknown option '--colour'/],
])('refuses %j', async (options, message) => {
  const { code, errors } = await startDemo(...options).ended
  assert.match(errors, message)
  assert.equal(code, 1)
})
