import { resolve } from 'node:path'
import { install, root } from './bootstrap.mjs'
import { commandLine } from './command-line.mjs'
import { runScript } from './run-typescript.mjs'

const usage = `Usage: npm run try -- FILE [ARGUMENT ...]

Runs a script of yours, JavaScript or TypeScript, on the sources of this clone. Installs what is needed first.`

const given = commandLine(usage, ([file, ...rest]) => {
  if (file === undefined) throw new Error('FILE is missing.')
  return { file, rest }
})
if (given !== undefined && (await install())) {
  // npm runs this script in the root of the clone. FILE is relative to the folder in which the user called npm.
  const cwd = process.env.INIT_CWD ?? process.cwd()
  // The `paths` in the root's tsconfig.json map `@wal/core` and the other packages to their sources.
  await runScript(resolve(cwd, given.file), given.rest, { cwd, tsconfig: resolve(root, 'tsconfig.json') })
}
