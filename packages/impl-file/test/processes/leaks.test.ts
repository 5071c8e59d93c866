import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'vitest'
import { Child } from '../../../walimpls/test/child-process.js'

const OPENS = Number(process.env.WAL_TEST_OPENS ?? 500)
/** What caches of Node and compiled code may add between two looks, and what one lost timer or listener would exceed. */
const NOISE_BYTES = 512 << 10
const BYTES_AN_OPEN = 256

interface Report {
  readonly done: number
  readonly heapBytes: number
  readonly resources: Readonly<Record<string, number>>
  readonly listeners: number
  readonly processListeners: number
  readonly warnings: number
}

const script = new URL('./opens.ts', import.meta.url)
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wal-leaks-'))
})
afterEach(() => rm(folder, { recursive: true }))

test.each(['memory', 'file'])(
  `${OPENS} opens and closes (%s) leave no handle, timer, listener or growing heap, and the process ends by itself`,
  async (backend) => {
    const child = new Child(
      script,
      [backend === 'file' ? `file:${folder}` : 'memory:', String(OPENS)],
      ['--expose-gc'],
    )
    assert.equal(await child.ended(), 0)
    const reports = child.lines.map((line) => JSON.parse(line) as Report)
    console.log(backend, ...child.lines)
    const [half, end] = reports as [Report, Report]
    assert.deepEqual(
      reports.map(({ done }) => done),
      [Math.ceil(OPENS / 2), OPENS],
    )
    for (const report of reports) {
      const { TTYWrap, PipeWrap, ...resources } = report.resources
      assert.deepEqual(resources, {}, 'nothing but standard output is active')
      assert.equal(report.listeners, 0)
      assert.equal(report.warnings, 0)
    }
    assert.equal(end.processListeners, half.processListeners)
    const growth = end.heapBytes - half.heapBytes
    const allowed = NOISE_BYTES + (OPENS / 2) * BYTES_AN_OPEN
    assert.ok(growth < allowed, `the heap grew by ${growth} bytes, allowed are ${allowed}`)
  },
  3_600_000,
)
