import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

// `npm test` lints the repository. These tests show that biome.json really switches on the rules about structure.

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The errors that Biome's rules about structure find in files placed in `packages/core/src`, each as `rule: file`. */
function errorsOf(files: Readonly<Record<string, string>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'wal-biome-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const { $schema, ...configuration } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'))
  writeFileSync(join(folder, 'biome.json'), JSON.stringify({ ...configuration, vcs: { enabled: false } }))
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, 'packages/core/src', name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const { stdout } = spawnSync(process.execPath, [biome, 'lint', '--reporter=json', '.'], {
    cwd: folder,
    encoding: 'utf8',
  })
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: readonly { category: string; severity: string; location: { path: string } }[]
  }
  return diagnostics
    .filter(({ severity, category }) => severity === 'error' && /Import|LinesPerFile/.test(category))
    .map(({ category, location }) => `${category.split('/').at(-1)}: ${location.path.split('/src/')[1]}`)
    .sort()
}

test('files that import each other are refused: two, three through a folder, one that imports itself', () => {
  expect(errorsOf({ 'a.ts': "import './b.js'", 'b.ts': "export { a } from './a.js'" })).toEqual([
    'noImportCycles: a.ts',
    'noImportCycles: b.ts',
  ])
  expect(
    errorsOf({
      'entry.ts': "import './a.js'",
      'a.ts': "import './b/index.js'",
      'b/index.ts': "import './c.js'",
      'b/c.ts': "await import('../a.js')",
    }),
  ).toEqual(['noImportCycles: a.ts', 'noImportCycles: b/c.ts', 'noImportCycles: b/index.ts'])
  expect(errorsOf({ 'a.ts': "import './a.js'" })).toEqual(['noSelfImport: a.ts'])
})

test('a file that two others import is allowed, and so are types that name each other', () => {
  expect(
    errorsOf({
      'a.ts': "import './b.js'\nimport './c.js'",
      'b.ts': "import './d.js'",
      'c.ts': "import './d.js'",
      'd.ts': '',
    }),
  ).toEqual([])
  expect(
    errorsOf({ 'a.ts': "import type { B } from './b.js'", 'b.ts': "import { a } from './a.js'" }),
  ).toEqual([])
})

test('a source file has at most 400 lines', () => {
  const lines = (count: number) => ({ 'a.ts': Array.from({ length: count }, () => 'x()').join('\n') })
  expect(errorsOf(lines(400))).toEqual([])
  expect(errorsOf(lines(401))).toEqual(['noExcessiveLinesPerFile: a.ts'])
})
