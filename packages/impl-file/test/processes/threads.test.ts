import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { openWal } from '@wal/core'
import '@wal/impl-file'
import { afterEach, beforeEach, test } from 'vitest'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const script = new URL('./writer-thread.ts', import.meta.url)
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wal-threads-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('a second open from a worker thread fences the first, and is fenced by a third', async () => {
  const url = `file:${folder}`
  // Without a time tick or a look of its own, the first writer learns of the fence by its next append alone.
  const first = await openWal(url, { channel: 'shared', fenceCheckMs: 0, timeTickMs: 60_000 })
  await first.append({ payload: Buffer.from('first') })
  // `--import tsx` does not reach a worker's main module.
  const start = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(script.href)})))`
  const worker = new Worker(start, {
    eval: true,
    env: { ...process.env, TSX_TSCONFIG_PATH: `${root}tsconfig.json` },
    workerData: url,
  })
  const [{ term }] = await once(worker, 'message')
  assert.equal(term, (first.channel.term as number) + 1)
  // The thread has a registry of its own. So the log's fence ends the first writer, not a close.
  assert.equal(first.signal.aborted, false)
  await assert.rejects(first.append({ payload: Buffer.from('void') }), { code: 'WAL_FENCED' })
  assert.equal(first.signal.reason.code, 'WAL_FENCED')

  const third = await openWal(url, { channel: 'shared' })
  worker.postMessage('append')
  const [{ code }] = await once(worker, 'message')
  assert.equal(code, 'WAL_FENCED')
  await once(worker, 'exit')
  const payloads: string[] = []
  for await (const { payload } of third.read({ until: 'end' })) payloads.push(Buffer.from(payload).toString())
  assert.deepEqual(payloads, ['first', `thread ${term}`])
  await first.close()
  await third.close()
})
