import { runTypeScript } from './run-typescript.mjs'

await runTypeScript('examples/flights', process.argv.slice(2))
