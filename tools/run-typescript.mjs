import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, environment, install, installedScript, root, say } from './bootstrap.mjs'
import { run } from './children.mjs'

/**
 * Installs and builds what is missing, then runs `src/main.ts` of a workspace folder, and ends with its exit code. For a folder
 * that `standsAlone`, nothing is built, since it uses no package of this workspace.
 */
export async function runTypeScript(folder, args, { standsAlone = false } = {}) {
  process.exitCode = 1
  if (!(await install())) return
  const built = standsAlone ? { code: 0, output: '' } : await build()
  if (built.code !== 0) return say(`${built.output}✘ build failed`)
  const project = join(root, folder)
  // The tsconfig.json of the folder has no `paths`, so `@wal/core` is the built package, as it is for users.
  await runScript(join(project, 'src/main.ts'), args, { cwd: root, tsconfig: join(project, 'tsconfig.json') })
}

/** Runs a script, in TypeScript or JavaScript, with the terminal of this process, and ends with its exit code. */
export async function runScript(script, args, { cwd, tsconfig }) {
  const loader = pathToFileURL(installedScript('tsx/dist/loader.mjs')).href
  const { code, output } = await run(process.execPath, ['--import', loader, script, ...args], {
    cwd,
    env: { ...environment(), TSX_TSCONFIG_PATH: tsconfig },
    output: 'inherit',
    stdin: 'inherit',
    decides: true,
  })
  process.stderr.write(output)
  process.exitCode = code
}
