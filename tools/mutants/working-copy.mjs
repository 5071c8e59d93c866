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
 * The sources as they are now, in a temporary folder that goes with the process. What is installed is linked: pnpm's
 * links between the packages are relative, so in the copy they lead to the copy.
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
    // `node_modules` itself belongs to the copy, since tools keep caches in it. What is in it are links.
    mkdirSync(join(this.root, 'node_modules'))
    for (const name of readdirSync(installed))
      if (!name.startsWith('.vite')) symlinkSync(join(installed, name), join(this.root, 'node_modules', name))
  }

  /** Puts a mutant in; what is returned takes it out again. Throws when it doesn't apply. */
  put(mutant) {
    const path = join(this.root, mutant.file)
    const whole = readFileSync(path, 'utf8')
    writeFileSync(path, mutate(whole, mutant))
    return () => writeFileSync(path, whole)
  }
}
