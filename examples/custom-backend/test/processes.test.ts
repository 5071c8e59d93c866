import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemRuntime } from '@wal/walimpls'
import { afterAll, test } from 'vitest'
import { readAll, textOf } from '../../../packages/walimpls/test/contract-context.js'
import { sqliteBuilder } from '../src/index.js'

const directory = mkdtempSync(join(tmpdir(), 'wal-sqlite-'))
const root = fileURLToPath(new URL('../../..', import.meta.url))
const running = new Set<ChildProcess>()
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(directory, { recursive: true })
})

function start(script: string, ...parameters: string[]) {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const tsx = ['--import', 'tsx', path, directory, ...parameters]
  const env = { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') }
  const child = spawn(process.execPath, tsx, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  running.add(child)
  const gone = new Promise((resolve) => child.once('close', resolve))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  // A line cut off by the kill says nothing.
  const lines = () =>
    output
      .slice(0, output.lastIndexOf('\n') + 1)
      .split('\n')
      .slice(0, -1)
  return {
    lines,
    async until(count: number) {
      while (lines().length < count) {
        assert.equal(child.exitCode, null, `${script} ended`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    /** Resolves when it has ended by itself. */
    end: async () => {
      await gone
      return child.signalCode ?? child.exitCode
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
      running.delete(child)
    },
  }
}

test('killed writers lose nothing that was acked, while other processes read', async () => {
  const acked: string[] = []
  const readers: ReturnType<typeof start>[] = []
  for (let term = 1; term <= 4; term++) {
    const writer = start('writer-process.ts', String(term))
    await writer.until(100)
    if (term === 1) readers.push(start('reader-process.ts'), start('reader-process.ts'))
    await Promise.all(readers.map((reader) => reader.until(acked.length + 100)))
    await writer.kill()
    acked.push(...writer.lines())

    const opener = await sqliteBuilder.build({ directory }, systemRuntime)
    const stored = (await readAll(await opener.openReadOnly('orders'))).map(
      (message) => `${message.id} ${textOf(message)}`,
    )
    await opener.close()
    // Each in order; the one batch that was stored and not acked may be there too.
    let at = 0
    for (const line of acked) {
      at = stored.indexOf(line, at)
      assert(at >= 0, `${line} was acked and is gone`)
    }
    await Promise.all(readers.map((reader) => reader.until(stored.length)))
    for (const reader of readers) assert.deepEqual(reader.lines(), stored)
  }
  for (const reader of readers) await reader.kill()
})

test('a writer of another process is fenced', async () => {
  const opener = await sqliteBuilder.build({ directory }, systemRuntime)
  const wal = await opener.open('orders', { term: 100, incarnation: 'here' })
  const writer = start('writer-process.ts', '50')
  await writer.until(10)
  await wal.append({
    sequence: 0,
    messages: [{ payload: Buffer.from('taken over'), properties: [] }],
    bytes: 10,
  })
  assert.equal(await writer.end(), 0)
  assert.equal(writer.lines().at(-1), 'WAL_FENCED')
  const stored = (await readAll(wal)).map(textOf)
  assert.equal(stored.at(-1), 'taken over')
  await opener.close()
})
