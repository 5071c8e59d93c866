import { runTypeScript } from './run-typescript.mjs'

await runTypeScript('tools/brokers', process.argv.slice(2), { standsAlone: true })
