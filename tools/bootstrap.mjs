import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './children.mjs'

// This file runs before anything is installed, so it imports Node's own modules and `children.mjs` alone.

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const stampFile = join(root, 'node_modules/.wal-installed')

/**
 * The environment of every child process. On its PATH the Node that runs this file comes first, then the installed tools (turbo
 * looks for `pnpm` there).
 */
export function environment(nodeBinary = process.execPath) {
  const path = [dirname(nodeBinary), join(root, 'node_modules/.bin'), process.env.PATH ?? '']
  return {
    ...process.env,
    PATH: path.join(delimiter),
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
    ...(process.stdout.isTTY || process.env.FORCE_COLOR ? {} : { NO_COLOR: '1' }),
  }
}

/** A script that an installed package ships, run by Node itself so that no shell shim is needed. */
export function installedScript(path) {
  return join(root, 'node_modules', path)
}

/** Prints progress to stderr. The stdout of a demo or a bench holds only its own output. */
export function say(text) {
  process.stderr.write(`${text}\n`)
}

// pnpm keeps a copy of the lockfile that it last installed from. The copy is part of the hash, so that an install by hand from
// another lockfile is noticed as well as a change of the lockfile.
function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  const installed = join(root, 'node_modules/.pnpm/lock.yaml')
  for (const file of [
    installed,
    join(root, 'pnpm-lock.yaml'),
    join(root, 'pnpm-workspace.yaml'),
    ...manifests(),
  ]) {
    hash.update(existsSync(file) ? readFileSync(file) : 'missing').update('\0')
  }
  return hash.digest('hex')
}

/** All package.json files of the workspace. pnpm-lock.yaml names their folders under `importers`. */
function manifests() {
  const [importers] = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8').split(/^packages:$/m)
  return [...importers.matchAll(/^ {2}(\S+):$/gm)].map(([, folder]) => join(root, folder, 'package.json'))
}

/** Installs what pnpm-lock.yaml names, unless it is installed already. Answers whether everything is installed now. */
export async function install() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    say(`This needs Node ${manifest.engines.node}, and runs on ${process.version}.`)
    return false
  }
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === fingerprint()) return true
  const pnpm = manifest.packageManager
  say(`▸ install: nothing is installed yet, or pnpm-lock.yaml has changed since the last install`)
  say(`  downloading ${pnpm} through npx, then the packages in pnpm-lock.yaml, among them Node 22 and 24`)
  say(`  for the version matrix (some 600 MB unpacked, about half a minute on a fast line)`)
  const started = Date.now()
  const { code, output } = await run('npx', ['--yes', pnpm, 'install', '--frozen-lockfile'], {
    cwd: root,
    env: environment(),
    output: 'stderr',
    // On Windows npx is a .cmd file, which only a shell can start.
    shell: process.platform === 'win32',
  })
  if (code !== 0) {
    say(
      `${output}✘ The install failed with exit code ${code}. It needs the npm registry, and a pnpm-lock.yaml that fits every package.json.`,
    )
    return false
  }
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, fingerprint())
  say(`✔ install (${seconds(started)})`)
  return true
}

/** Builds the packages; turbo skips those whose sources have not changed. */
export function build() {
  const args = [installedScript('turbo/bin/turbo'), 'run', 'build', '--output-logs=new-only', '--no-color']
  return run(process.execPath, args, { cwd: root, env: environment() })
}

export function seconds(started) {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`
}
