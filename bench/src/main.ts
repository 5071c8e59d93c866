import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { adaptorAppend, adaptorAppendBatch } from './cases/adaptor-overhead.js'
import { fileInFlight } from './cases/file-in-flight.js'
import { fileOneAtATime } from './cases/file-one-at-a-time.js'
import { redisInFlight } from './cases/redis-in-flight.js'
import { redisReplay } from './cases/redis-replay.js'
import { markdown } from './report.js'
import { runCase } from './runner.js'

const CASES = [adaptorAppend, adaptorAppendBatch, fileOneAtATime, fileInFlight, redisInFlight, redisReplay]

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string', default: '5' } },
  allowPositionals: true,
})
const chosen = CASES.filter(({ name }) => positionals.every((word) => name.includes(word)))
if (chosen.length === 0) {
  console.error(
    `No case has "${positionals.join(' ')}" in its name. Cases: ${CASES.map(({ name }) => name).join('; ')}`,
  )
  process.exit(2)
}
const results = []
for (const bench of chosen)
  results.push(
    await runCase(bench, {
      rounds: Math.max(1, Number(values.rounds) || 5),
      quick: values.quick,
      progress: (text) => console.error(text),
    }),
  )
console.log(markdown(results))
const folder = join(dirname(fileURLToPath(import.meta.url)), '../results')
await mkdir(folder, { recursive: true })
const name = new Date().toISOString().replaceAll(':', '-')
await writeFile(
  join(folder, `${name}.json`),
  `${JSON.stringify({ node: process.version, quick: values.quick, results }, null, 2)}\n`,
)
