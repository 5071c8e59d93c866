import { randomInt } from 'node:crypto'
import { environment, install, installedScript, root, say, seconds } from './bootstrap.mjs'
import { run } from './children.mjs'
import { commandLine } from './command-line.mjs'
import { readArguments, usage } from './repeat-arguments.mjs'

/** The time limit of a round. A round that exceeds it has a test that waits forever. */
const ROUND_LIMIT_MS = 60 * 60_000

const given = commandLine(usage, readArguments)
if (given !== undefined && (await install())) process.exitCode = (await repeat(given)) ? 0 : 1

/** Runs vitest without turbo, which would answer the second round from its cache. */
async function repeat({ rounds, filters, configuration }) {
  const first = Number(process.env.WAL_TEST_SEED ?? randomInt(2 ** 31))
  console.log(`${rounds} rounds of ${filters.join(' ')}, until one fails`)
  for (let round = 1; round <= rounds; round++) {
    const seed = (first + round - 1) % 2 ** 31
    const started = Date.now()
    const { code, output, timedOut } = await run(
      process.execPath,
      [installedScript('vitest/vitest.mjs'), 'run', '--no-cache', '--config', configuration, ...filters],
      {
        cwd: root,
        env: { ...environment(), WAL_TEST_SEED: String(seed) },
        limitMs: ROUND_LIMIT_MS,
        decides: true,
      },
    )
    const green = code === 0
    console.log(
      `round ${round}/${rounds}  WAL_TEST_SEED=${seed}  ${green ? 'passed' : 'FAILED'}  ${seconds(started)}`,
    )
    if (green) continue
    say(output)
    if (timedOut) say(`The round was ended after ${ROUND_LIMIT_MS / 60_000} minutes.`)
    console.log(`To run this round again: WAL_TEST_SEED=${seed} npm run repeat -- 1 ${filters.join(' ')}`)
    return false
  }
  return true
}
