import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, say, seconds } from '../bootstrap.mjs'
import { run } from '../children.mjs'

/**
 * Makes a clone of this repository at a commit, installed and built by the tools of that commit. The clone is in a temporary
 * folder that is removed when this process ends, also by an interruption. The clone's `bench/src` is replaced by a copy of the
 * working tree's, so that the same code measures both sides; the original is kept as `bench/src-own`. Answers `{ hash, folder
 * }`, or `{ problem }`.
 */
export async function scratchClone(commit, { from = root, prepare = installAndBuild } = {}) {
  const named = await git(from, 'rev-parse', '--verify', '--quiet', `${commit}^{commit}`)
  if (named.code !== 0) return { problem: `"${commit}" names no commit of this repository.` }
  const hash = named.output.trim()

  const folder = mkdtempSync(join(tmpdir(), 'wal-bench-against-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  // A shared clone uses the objects of this repository, so it also has commits that no branch leads to.
  for (const args of [
    ['clone', '--quiet', '--shared', '--no-checkout', from, folder],
    ['-C', folder, 'checkout', '--quiet', '--detach', hash],
  ]) {
    const { code, output } = await git(from, ...args)
    if (code !== 0) return { problem: `git ${args[0]} failed:\n${output}` }
  }
  const failure = await prepare(folder, hash)
  if (failure !== undefined) return { problem: failure }

  const bench = join(folder, 'bench')
  renameSync(join(bench, 'src'), join(bench, 'src-own'))
  cpSync(join(from, 'bench/src'), join(bench, 'src'), { recursive: true })
  return { hash, folder }
}

function git(cwd, ...args) {
  return run('git', args, { cwd })
}

/** Runs the scripts `install` and `build` of the commit itself, since those of the working tree may not fit it. */
async function installAndBuild(folder, hash) {
  const bootstrap = pathToFileURL(join(folder, 'tools/bootstrap.mjs')).href
  const script = `
    const { build, install } = await import(${JSON.stringify(bootstrap)})
    if (!(await install())) process.exit(1)
    const { code, output } = await build()
    if (code !== 0) console.error(output)
    process.exit(code)`
  say(`▸ installing and building ${hash.slice(0, 12)} in ${folder}`)
  const started = Date.now()
  const { code } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: folder,
    output: 'stderr',
  })
  if (code !== 0) return `${hash} could not be installed and built.`
  say(`✔ ${hash.slice(0, 12)} is built (${seconds(started)})`)
  return undefined
}
