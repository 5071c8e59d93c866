import { runTypeScript } from './run-typescript.mjs'

await runTypeScript('bench', process.argv.slice(2))
