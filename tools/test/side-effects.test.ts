import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const require = createRequire(import.meta.url)

/** Entries that some users import only because the import registers a backend. */
const REGISTERING = [
  '@wal/core/testing',
  '@wal/walimpls/testing',
  '@wal/impl-file',
  '@wal/impl-redis-streams',
  '@wal/impl-kafka',
  '@wal/impl-pulsar',
]
const PURE = ['@wal/core', '@wal/walimpls', '@wal/walimpls/helper', '@wal/walimpls/registry']

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string | { readonly import: { readonly default: string } }>>
}

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wal-bundles-'))
  for (const name of await readdir(join(root, 'packages')))
    await installManifest(join(root, 'packages', name))
})
afterAll(() => rm(folder, { recursive: true }))

/**
 * Installs a package as a bundler finds it: its package.json, and instead of each entry a file that prints the entry's name.
 */
async function installManifest(path: string): Promise<void> {
  const text = await readFile(join(path, 'package.json'), 'utf8')
  const { name, exports } = JSON.parse(text) as Manifest
  const place = join(folder, 'node_modules', name)
  await mkdir(place, { recursive: true })
  await writeFile(join(place, 'package.json'), text)
  for (const [subpath, entry] of Object.entries(exports)) {
    if (typeof entry === 'string') continue
    const file = join(place, entry.import.default)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(
      file,
      `console.log(${JSON.stringify(name + subpath.slice(1))})\nexport const unused = 1\n`,
    )
  }
}

/** Bundles an import without names, with the bundler of this workspace. Answers what is left of the imported package. */
async function bundleOf(specifier: string): Promise<string> {
  const esbuild = createRequire(require.resolve('tsup/package.json'))('esbuild')
  const { outputFiles } = await esbuild.build({
    stdin: { contents: `import ${JSON.stringify(specifier)}`, resolveDir: folder },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    logLevel: 'silent',
  })
  return outputFiles[0].text
}

test('H159: a bundle keeps an import that registers a backend', async () => {
  for (const specifier of REGISTERING)
    assert.match(await bundleOf(specifier), new RegExp(`console\\.log\\("${specifier}"\\)`), specifier)
})

test('a bundle leaves out what is imported for nothing', async () => {
  for (const specifier of PURE) assert.doesNotMatch(await bundleOf(specifier), /console\.log/, specifier)
})
