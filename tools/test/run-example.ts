import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a program in `folder`, on the sources of this repository, and answers its output. */
export async function runExample(script: string, folder: string, ...parameters: string[]): Promise<string> {
  const loader = new URL('../../node_modules/tsx/dist/loader.mjs', import.meta.url).href
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', loader, script, ...parameters],
    { cwd: folder, env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') }, timeout: 60_000 },
  )
  return stdout
}
