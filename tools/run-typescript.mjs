import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, environment, install, installedScript, root, say } from './bootstrap.mjs'
import { run } from './children.mjs'

/**
 * Bootstraps, then runs `src/main.ts` of a workspace folder, on the built packages unless it `standsAlone`. Sets our
 * exit code to its.
 */
export async function runTypeScript(folder, args, { standsAlone = false } = {}) {
  process.exitCode = 1
  if (!(await install())) return
  const built = standsAlone ? { code: 0, output: '' } : await build()
  if (built.code !== 0) return say(`${built.output}✘ build failed`)

  const loader = pathToFileURL(installedScript('tsx/dist/loader.mjs')).href
  const { code, output } = await run(
    process.execPath,
    ['--import', loader, join(root, folder, 'src/main.ts'), ...args],
    {
      cwd: root,
      // The folder's own tsconfig has no `paths`: `@wal/core` is the built package, as users have it.
      env: { ...environment(), TSX_TSCONFIG_PATH: join(root, folder, 'tsconfig.json') },
      output: 'inherit',
      stdin: 'inherit',
      decides: true,
    },
  )
  process.stderr.write(output)
  process.exitCode = code
}
