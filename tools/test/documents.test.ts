import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readFiles } from '../architecture/file-map.js'
import { codeBlocks, compileErrors, type Surroundings, surroundingsOf } from './code-blocks.js'

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const blocks = codeBlocks(readFiles(root, ['*.md', '{docs,packages,examples}/**/*.md']))
/** Programs that other tests run: those in `guides` by guides.test.ts, and the others by tests beside them. */
const examples = new Set(readFiles(root, 'examples/**/*.{ts,mjs}').values())

/** The code blocks of documents that are not programs of `examples`. */
const FRAGMENTS: readonly Surroundings[] = [
  {
    page: 'docs/metrics.md',
    contains: 'setGlobalMeterProvider',
    before: `declare const reader: import('@opentelemetry/sdk-metrics').MetricReader;
      declare const provider: import('@opentelemetry/api').TracerProvider;`,
  },
  {
    page: 'docs/semantics/reading.md',
    contains: "kind: 'gap'",
    before: `declare const after: bigint, before: bigint, position: string;
      const gap: Omit<import('@wal/core').Gap, 'toJSON'> =`,
  },
  { page: 'docs/testing.md', contains: 'FaultProxy.start' },
  { page: 'docs/testing.md', contains: 'kafka.addAcls' },
  { page: 'docs/testing.md', contains: 'pulsar.admin' },
  {
    page: 'docs/testing.md',
    contains: 'historyTest(',
    folder: 'packages/impl-redis-streams/test',
    before: `import { startRedis } from '@wal/brokers'; import { redisStreamsBuilder as builder } from '../src/builder.js';`,
  },
  {
    page: 'docs/testing.md',
    contains: 'new ScriptedLog()',
    folder: 'packages/impl-redis-streams/test/scripted',
    before: `import { expect } from 'vitest'; import { ScriptedLog, told } from './scripted-log.js';`,
  },
  {
    page: 'docs/writing-a-backend.md',
    contains: 'conformanceTests({',
    folder: 'examples/custom-backend/test',
  },
  {
    page: 'docs/writing-a-backend.md',
    contains: 'putBack()',
    before: `declare const proxy: { resetAll(): Promise<void> };
      declare const server: { kill(): Promise<void>; start(): Promise<void> };
      declare function query(sql: string): Promise<unknown>;
      const hooks: Partial<import('@wal/conformance').ConformanceOptions> = {`,
    after: '}',
  },
  {
    page: 'packages/conformance/README.md',
    contains: 'conformanceTests({',
    folder: 'examples/custom-backend/test',
    before: `import { sqliteBuilder as builder } from '../src/index.js';`,
  },
  {
    page: 'packages/walimpls/README.md',
    contains: 'registerBackend({',
    before: `declare const SqliteOpener: new (
      directory: string, runtime: import('@wal/walimpls').Runtime) => import('@wal/walimpls').OpenerImpls<NumberId>;`,
  },
  { page: 'packages/walimpls/README.md', contains: 'new Faults(' },
  {
    page: 'packages/walimpls/README.md',
    contains: 'simulatedRuntime(',
    before: `declare function work(runtime: import('@wal/walimpls').Runtime): Promise<void>;`,
  },
]

test('the documents have code', () => {
  expect(blocks.length).toBeGreaterThan(12)
})

test.each(blocks.map((block) => [`${block.page}:${block.line}`, block] as const))(
  '%s is a program of examples/ that a test runs, or a fragment that is compiled here',
  (_, block) => {
    const fragment = surroundingsOf(block, FRAGMENTS)
    expect(
      examples.has(block.code) !== (fragment !== undefined),
      `this code equals no file of examples/, and is not named in FRAGMENTS:\n${block.code}`,
    ).toBe(true)
  },
)

test('every fragment compiles on the sources', () => {
  const fragments = blocks.flatMap((block) => {
    const around = surroundingsOf(block, FRAGMENTS)
    return around === undefined ? [] : [{ block, around }]
  })
  // Every entry of FRAGMENTS belongs to a block that still exists.
  expect(fragments.length).toBe(FRAGMENTS.length)
  expect(compileErrors(root, fragments)).toEqual([])
})

test('the programs in READMEs fit on a screen', () => {
  const long = blocks.filter(
    ({ page, code }) => page.endsWith('README.md') && code.trim().split('\n').length > 20,
  )
  expect(long.map(({ page, line }) => `${page}:${line}`)).toEqual([])
})

describe('the check itself', () => {
  const page = new Map([['a.md', "# A\n\n```ts\nconst count: number = 'x'\n```\n\n```sh\nls\n```\n"]])
  const [block, ...others] = codeBlocks(page)

  test('finds the code of a page, and leaves out what is no code', () => {
    expect(block).toEqual({ page: 'a.md', line: 4, code: "const count: number = 'x'\n" })
    expect(others).toEqual([])
  })

  test('names the line of a mistake in the page', () => {
    if (block === undefined) throw new Error('the page has a block')
    const around = { page: 'a.md', contains: 'count', before: 'const one = 1\n' }
    expect(compileErrors(root, [{ block, around }])).toEqual([
      "a.md:4: Type 'string' is not assignable to type 'number'.",
    ])
  })
})
