import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { environment, install, installedScript, root, say } from './bootstrap.mjs'
import { run } from './children.mjs'

const usage = `usage: npm run try -- FILE [ARGUMENT…]
  Runs a script of yours, JavaScript or TypeScript, on the sources of this clone. Installs what is needed first.`

const [file, ...rest] = process.argv.slice(2)
process.exitCode = 1
if (file === undefined) say(usage)
else if (await install()) {
  const loader = pathToFileURL(installedScript('tsx/dist/loader.mjs')).href
  // npm runs scripts in the clone's folder; the file is meant from where it was called.
  const script = resolve(process.env.INIT_CWD ?? process.cwd(), file)
  const { code, output } = await run(process.execPath, ['--import', loader, script, ...rest], {
    cwd: process.env.INIT_CWD ?? process.cwd(),
    // Its paths say which source file `@wal/core` and the others are.
    env: { ...environment(), TSX_TSCONFIG_PATH: resolve(root, 'tsconfig.json') },
    output: 'inherit',
    stdin: 'inherit',
    decides: true,
  })
  process.stderr.write(output)
  process.exitCode = code
}
