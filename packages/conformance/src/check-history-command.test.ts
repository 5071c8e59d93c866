import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'vitest'
import { got, history, invoke, reached, start, unknown, written } from './history/sample-events.js'

const command = fileURLToPath(new URL('./check-history-command.ts', import.meta.url))
const loader = new URL('../../../node_modules/tsx/dist/loader.mjs', import.meta.url).href

// The test runs the command from its TypeScript source, as all tests of this repository do.
const env = {
  ...process.env,
  TSX_TSCONFIG_PATH: fileURLToPath(new URL('../../../tsconfig.json', import.meta.url)),
}

const run = (...files: string[]) =>
  new Promise<{ code: unknown; output: string }>((resolve) => {
    execFile(process.execPath, ['--import', loader, command, ...files], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr }),
    )
  })

test('the command prints each violation with file and line, or a summary, and exits with 0, 1 or 2', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wal-history-'))
  try {
    const kept = join(folder, 'kept.jsonl')
    const broken = join(folder, 'broken.jsonl')
    const cut = join(folder, 'cut.jsonl')
    const events = [...written('a'), invoke('b'), unknown('b'), start('s')]
    await writeFile(kept, history(...events, got('s', 'a', 1)).toJsonLines())
    await writeFile(broken, history(...events, reached('s', 10)).toJsonLines())
    await writeFile(cut, '{"sequence":1,')
    const [one, two, three, none] = await Promise.all([run(kept), run(kept, broken), run(cut, kept), run()])
    assert.equal(one.code, 0, one.output)
    assert.match(one.output, /kept: 2 appends, 1 deliveries, 1 scanners, 1 unknown outcomes\n$/)
    assert.equal(two.code, 1, two.output)
    assert.match(two.output, /broken\.jsonl:2: rule 1: Append "a" was written, .* \(with line 5\)\n$/)
    assert.equal(three.code, 2)
    assert.match(three.output, /cut\.jsonl:1/)
    assert.equal(none.code, 2)
  } finally {
    await rm(folder, { recursive: true })
  }
})
