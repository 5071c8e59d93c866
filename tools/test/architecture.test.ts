import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ambientAccessViolations } from '../architecture/ambient-access.js'
import { dependencyViolations } from '../architecture/dependency-arrows.js'
import { packageOf, readExports, readFiles, SOURCES } from '../architecture/file-map.js'
import { folderCycles } from '../architecture/folder-arrows.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('this repository', () => {
  const files = readFiles(root, SOURCES)

  test('the sources were found', () => {
    const packages = new Set([...files.keys()].map(packageOf))
    expect([...packages]).toEqual(expect.arrayContaining(['walimpls', 'core', 'impl-file']))
  })
  test('dependencies run impl → walimpls ← core, through exported names', () => {
    expect(dependencyViolations(files, readExports(root))).toEqual([])
  })
  test('clock, timers, randomness and files come in through the runtime', () => {
    expect(ambientAccessViolations(files)).toEqual([])
  })
  test('no folders of a package import each other, nor round a longer way', () => {
    expect(folderCycles(files)).toEqual([])
  })
})

describe('dependency arrows', () => {
  const exportsOf = new Map([
    ['@wal/walimpls', new Set(['.', './registry', './package.json'])],
    ['@wal/core', new Set(['.'])],
    ['@wal/impl-file', new Set(['.'])],
    ['@wal/impl-kafka', new Set(['.'])],
  ])
  const check = (path: string, text: string) => dependencyViolations(new Map([[path, text]]), exportsOf)

  test.each([
    ['impl-file/src/wal.ts', "import type { WALImpls } from '@wal/walimpls'"],
    ['impl-file/src/wal.ts', "import { register } from '@wal/walimpls/registry'"],
    ['impl-file/src/wal.test.ts', "import { openWal } from '@wal/core'"],
    ['impl-kafka/src/wal.ts', "const client = await import('kafkajs')"],
    ['core/src/open.ts', "import { trace } from '@opentelemetry/api'\nimport './wal.js'\nimport 'node:os'"],
    ['core/src/open.ts', "// import '@wal/impl-file'\nconst hint = `import '@wal/impl-file'`"],
    ['walimpls/src/a/b.ts', "import '../wal.js'\nimport assert from 'node:assert'"],
    ['walimpls/src/a.test.ts', "import { test } from 'vitest'"],
  ])('allowed: %s: %s', (path, text) => {
    expect(check(`packages/${path}`, text)).toEqual([])
  })

  test.each([
    ['impl-file/src/wal.ts', "import { openWal } from '@wal/core'", 'imports walimpls alone'],
    ['impl-file/src/wal.ts', "import type { WAL } from '@wal/core'", 'imports walimpls alone'],
    ['impl-file/src/wal.ts', "const core = await import('@wal/core')", 'imports walimpls alone'],
    ['impl-file/src/wal.ts', "let wal: import('@wal/core').WAL", 'imports walimpls alone'],
    ['impl-file/src/wal.ts', "export { openWal } from '@wal/core'", 'imports walimpls alone'],
    ['impl-file/src/wal.ts', "import '@wal/impl-kafka'", 'imports walimpls alone'],
    ['conformance/src/suite.ts', "import type { WAL } from '@wal/core'", 'imports walimpls alone'],
    ['core/src/open.ts', "import '@wal/impl-file'", 'core imports an implementation'],
    ['core/src/open.ts', "require('@wal/impl-file')", 'core imports an implementation'],
    ['core/src/open.test.ts', 'await import(`@wal/impl-file`)', 'core imports an implementation'],
    ['core/src/open.ts', 'await import(name)', 'computes what it imports'],
    ['walimpls/src/wal.ts', "import '@wal/core'", 'walimpls imports no other package'],
    ['walimpls/src/a.test.ts', "import '@wal/core'", 'walimpls imports no other package'],
    ['walimpls/src/wal.ts', "import long from 'long'", 'walimpls has no dependencies'],
    ['core/src/open.ts', "import '@wal/walimpls/src/wal.js'", 'is not exported by @wal/walimpls'],
    ['core/src/open.ts', "import '@wal/wlimpls'", 'is not a package of this workspace'],
    ['core/src/open.ts', "import '../../walimpls/src/wal.js'", 'leaves the sources of its package'],
    ['core/src/open.ts', "import '../package.json'", 'leaves the sources of its package'],
  ])('refused: %s: %s', (path, text, problem) => {
    expect(check(`packages/${path}`, text)).toEqual([expect.stringContaining(problem)])
  })
})

describe('ambient access', () => {
  const check = (path: string, text: string) => ambientAccessViolations(new Map([[path, text]]))

  test.each([
    'const started = Date.now()',
    'function lease(now = Date.now) {}',
    'const started = new Date()',
    'const started = performance.now()',
    'setTimeout(run, 10)',
    'globalThis.setTimeout(run, 10)',
    'const timers = { setTimeout }',
    'setInterval(run, 10)',
    'setImmediate(run)',
    'clearTimeout(timer)',
    'queueMicrotask(run)',
    'process.nextTick(run)',
    'AbortSignal.timeout(10)',
    'const jitter = Math.random()',
    'const id = crypto.randomUUID()',
    "import { randomUUID as uuid } from 'node:crypto'",
    "import { open } from 'node:fs/promises'",
    "import * as fs from 'fs'",
    "const fs = await import('node:fs')",
    "import { setTimeout as sleep } from 'node:timers/promises'",
  ])('refused: %s', (text) => {
    for (const name of ['walimpls', 'core', 'impl-file']) {
      expect(check(`packages/${name}/src/wal.ts`, text)).toHaveLength(1)
    }
  })

  test.each([
    ['packages/core/src/api/wal.ts', '// Date.now() and setTimeout() are the runtime’s'],
    ['packages/core/src/api/wal.ts', "const text = 'Date.now()'"],
    ['packages/core/src/api/wal.ts', 'runtime.setTimeout(run, 10)'],
    ['packages/core/src/api/wal.ts', 'void Promise.resolve().then(run)'],
    ['packages/core/src/api/wal.ts', 'interface Timers { setTimeout(run: () => void, ms: number): Timer }'],
    ['packages/core/src/api/wal.ts', 'const shown = new Date(milliseconds)'],
    ['packages/core/src/api/wal.ts', "import { createHash } from 'node:crypto'"],
    ['packages/core/src/wal.test.ts', 'setTimeout(run, 10)'],
    ['packages/walimpls/src/runtime.ts', "import * as fs from 'node:fs'\nDate.now()"],
    ['packages/walimpls/src/runtime/clock.ts', 'Date.now()'],
    ['packages/impl-kafka/src/wal.ts', 'setTimeout(run, 10)'],
  ])('allowed: %s: %s', (path, text) => {
    expect(check(path, text)).toEqual([])
  })

  test('only the runtime of walimpls is exempt', () => {
    expect(check('packages/core/src/runtime.ts', 'Date.now()')).toEqual([
      'packages/core/src/runtime.ts:1: uses Date.now',
    ])
    expect(check('packages/walimpls/src/runtime-default.ts', 'Date.now()')).toHaveLength(1)
  })
})

describe('cycles of folders', () => {
  const check = (texts: Readonly<Record<string, string>>) =>
    folderCycles(new Map(Object.entries(texts).map(([path, text]) => [`packages/core/src/${path}`, text])))

  test('found, whichever files they are, types included, a folder within a folder too', () => {
    expect(
      check({
        'read/a.ts': "import '../log/b.js'",
        'log/b.ts': '',
        'log/c.ts': "import type { A } from '../read/a.js'",
      }),
    ).toEqual([
      'packages/core/src/log and packages/core/src/read: packages/core/src/log/c.ts imports packages/core/src/read/a.ts; packages/core/src/read/a.ts imports packages/core/src/log/b.ts',
    ])
    expect(
      check({
        'read/a.ts': "export { b } from './order/b.js'",
        'read/order/b.ts': "import '../c.js'",
        'read/c.ts': '',
      }),
    ).toHaveLength(1)
  })

  test('found round three folders, once', () => {
    expect(
      check({
        'api/a.ts': "import type { B } from '../log/b.js'",
        'log/b.ts': "import '../diagnostics/c.js'",
        'diagnostics/c.ts': "import '../api/a.js'",
        'read/d.ts': "import '../api/a.js'",
      }),
    ).toEqual([
      'packages/core/src/api and packages/core/src/diagnostics and packages/core/src/log: packages/core/src/api/a.ts imports packages/core/src/log/b.ts; packages/core/src/log/b.ts imports packages/core/src/diagnostics/c.ts; packages/core/src/diagnostics/c.ts imports packages/core/src/api/a.ts',
    ])
  })

  test('one way, the entry file and tests are allowed', () => {
    expect(
      check({
        'index.ts': "import './read/a.js'",
        'open.ts': '',
        'read/a.ts': "import '../open.js'",
        'log/a.test.ts': "import '../read/a.js'",
        'read/b.ts': "import '../log/a.test.js'\nimport './a.js'",
      }),
    ).toEqual([])
  })
})
