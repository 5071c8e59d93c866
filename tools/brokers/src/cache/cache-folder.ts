import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { guard } from '../process/guard.js'

/** The folder for downloads, outside every checkout of the repository. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME
  // The XDG specification says that a relative path in this variable has to be ignored.
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache'), 'wal-brokers')
}

const filling = new Map<string, Promise<void>>()

/**
 * The folder `name` in the cache. When it does not exist, `fill` makes its content in a temporary folder, which is then
 * renamed, so that the cache never has half a folder. When two processes fill one folder at the same time, the later result is
 * thrown away. Within one process the second caller waits for the first.
 */
export async function cached(
  name: string,
  fill: (staging: string) => Promise<void>,
  cache: string = cacheFolder(),
): Promise<string> {
  const folder = join(cache, name)
  if (existsSync(folder)) return folder
  let filled = filling.get(folder)
  if (filled === undefined) {
    filled = stageAndRename(folder, fill).finally(() => filling.delete(folder))
    filling.set(folder, filled)
  }
  await filled
  return folder
}

async function stageAndRename(folder: string, fill: (staging: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  const staging = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`))
  const unguard = guard({ folder: staging })
  try {
    await fill(staging)
    await rename(staging, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(staging, { recursive: true, force: true })
    unguard()
  }
}
