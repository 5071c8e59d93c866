import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from '../cache/cache-folder.js'
import { unpackDebianPackage } from '../cache/debian-package.js'
import { findProgram } from '../process/find-program.js'
import { runCommand } from '../process/run-command.js'
import type { Progress } from '../server.js'

export interface Program {
  readonly path: string
  readonly env: NodeJS.ProcessEnv
}

/** The path of `redis-server`: from PATH, or else from Debian's package in the cache folder. */
export async function redisProgram(say: Progress): Promise<Program> {
  const path = findProgram('redis-server')
  if (path !== undefined) return { path, env: process.env }
  try {
    const folder = await cached(`redis-debian-${process.arch}`, async (staging) => {
      say('redis-server is not on PATH')
      await unpackDebianPackage('redis-server', staging, say)
      const { path, env } = unpacked(staging)
      say(`unpacked: ${await runCommand(path, ['--version'], { env })}`)
    })
    return unpacked(folder)
  } catch (cause) {
    throw new Error(
      `No redis-server: it is not on PATH, and Debian's package could not be had. Install redis-server, or set ` +
        `WAL_TEST_REDIS_URL where one server is enough.\n${(cause as Error).message}`,
      { cause },
    )
  }
}

function unpacked(folder: string): Program {
  const libraries = join(folder, 'usr/lib')
  // The libraries that this machine lacks. Their folder is named after the architecture, such as x86_64-linux-gnu.
  const searched = readdirSync(libraries).map((name) => join(libraries, name))
  const inherited = process.env.LD_LIBRARY_PATH
  if (inherited !== undefined && inherited !== '') searched.push(inherited)
  return {
    path: join(folder, 'usr/bin/redis-server'),
    env: { ...process.env, LD_LIBRARY_PATH: searched.join(':') },
  }
}
