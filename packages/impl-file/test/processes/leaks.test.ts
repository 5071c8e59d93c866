import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'vitest'
import { Child } from '../child-process.js'
import { growingClasses, type HeapClasses } from './heap-classes.js'

const OPENS = Number(process.env.WAL_TEST_OPENS ?? 600)
/**
 * How many times objects are counted. At the first count, objects that are made only once exist already, and code is compiled.
 */
const POINTS = 6
/** The test fails when one object is kept for every ten opens. */
const LEAST = Math.floor(OPENS / POINTS / 10)

interface Report {
  readonly done: number
  readonly classes: HeapClasses
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

async function opens(url: string, ...more: readonly string[]): Promise<Report[]> {
  const child = new Child(script, [url, String(OPENS), String(POINTS), ...more], ['--expose-gc'])
  assert.equal(await child.ended(), 0)
  const reports = child.lines.map((line) => JSON.parse(line) as Report)
  assert.equal(reports.length, POINTS)
  assert.equal(reports.at(-1)?.done, OPENS)
  return reports
}

test.each(['memory', 'file'])(
  `${OPENS} opens and closes (%s) leave no handle, timer, listener or object, and the process ends by itself`,
  async (backend) => {
    const reports = await opens(backend === 'file' ? `file:${folder}` : 'memory:')
    for (const report of reports) {
      const { TTYWrap, PipeWrap, ...resources } = report.resources
      assert.deepEqual(resources, {}, 'nothing but standard output is active')
      assert.equal(report.listeners, 0)
      assert.equal(report.warnings, 0)
      assert.equal(report.processListeners, reports[0]?.processListeners)
    }
    assert.deepEqual(
      growingClasses(
        reports.map(({ classes }) => classes),
        LEAST,
      ),
      [],
    )
  },
  3_600_000,
)

test('the test finds an object that is kept by each open, by its class', async () => {
  const reports = await opens('memory:', 'leak')
  const found = growingClasses(
    reports.map(({ classes }) => classes),
    LEAST,
  )
  assert.equal(found.length, 1, found.join('; '))
  assert.match(found[0] as string, /^Object: \d+(, \d+){5}$/)
}, 3_600_000)
