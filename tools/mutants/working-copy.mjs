import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { root } from '../bootstrap.mjs'
import { mutate } from './mutate.mjs'

const LEFT_OUT = new Set(['.git', 'dist', 'coverage', '.turbo'])

/**
 * Copies the present sources to a temporary folder, which is removed when this process ends. Installed packages are linked, not
 * copied. pnpm's links between the packages of the workspace are relative, so those in the copy lead to packages of the copy.
 */
export class WorkingCopy {
  constructor() {
    this.root = mkdtempSync(join(tmpdir(), 'wal-mutants-'))
    process.on('exit', () => rmSync(this.root, { recursive: true, force: true }))
    const installed = join(root, 'node_modules')
    cpSync(root, this.root, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => path !== installed && !LEFT_OUT.has(basename(path)),
    })
    // `node_modules` is a real folder in the copy, since tools write caches into it. Its entries are links.
    mkdirSync(join(this.root, 'node_modules'))
    for (const name of readdirSync(installed))
      if (!name.startsWith('.vite')) symlinkSync(join(installed, name), join(this.root, 'node_modules', name))
  }

  /**
   * Applies a mutant to the copy. The returned function takes the mutant out again. Throws when the mutant's text is not found.
   */
  put(mutant) {
    const path = join(this.root, mutant.file)
    const whole = readFileSync(path, 'utf8')
    writeFileSync(path, mutate(whole, mutant))
    return () => writeFileSync(path, whole)
  }
}
