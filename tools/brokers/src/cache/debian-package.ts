import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../process/find-program.js'
import { runCommand } from '../process/run-command.js'
import type { Progress } from '../server.js'

/**
 * Unpacks a Debian package, and those dependencies that this machine lacks, into `folder`. Installs nothing on the machine and
 * needs no root.
 */
export async function unpackDebianPackage(name: string, folder: string, say: Progress): Promise<void> {
  for (const tool of ['apt-get', 'dpkg']) {
    if (findProgram(tool) === undefined)
      throw new Error(`${tool} is not on PATH: this is no Debian or Ubuntu`)
  }
  const packages = join(folder, 'packages')
  await mkdir(packages)
  await download(name, packages, [], say).catch(async (refusal: Error) => {
    // The machine's package lists may be missing or old. These lists are kept in a folder of their own, so the machine stays
    // unchanged.
    say(
      `the machine's package lists cannot be used (${firstLine(refusal)}); fetching lists for this download alone`,
    )
    const lists = join(packages, 'lists')
    await mkdir(join(lists, 'partial'), { recursive: true })
    const options = ['-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${join(packages, 'cache')}`]
    await apt(['update', ...options], packages)
    await download(name, packages, options, say)
  })
  for (const file of await readdir(packages)) {
    if (file.endsWith('.deb')) await runCommand('dpkg', ['-x', join(packages, file), folder])
  }
  await rm(packages, { recursive: true })
}

async function download(name: string, folder: string, options: readonly string[], say: Progress) {
  const plan = await apt(['install', '--simulate', '--no-install-recommends', ...options, name], folder)
  const names = packagesToInstall(plan)
  say(`downloading the Debian packages ${names.join(', ')}`)
  await apt(['download', ...options, ...names], folder)
}

/** The package names in what `apt-get install --simulate` prints. */
export function packagesToInstall(plan: string): string[] {
  return [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name ?? '')
}

function apt(args: readonly string[], cwd: string): Promise<string> {
  return runCommand('apt-get', args, { cwd, env: { ...process.env, LC_ALL: 'C' } })
}

function firstLine(error: Error): string {
  return error.message.split('\n').find((line) => line.startsWith('E:')) ?? error.message.split('\n')[0] ?? ''
}
