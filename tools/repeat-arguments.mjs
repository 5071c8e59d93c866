import { parseArgs } from 'node:util'

/** The tests that are repeated by default: the conformance kit on the backends that need no server. */
const CONFORMANCE = ['packages/core/test/conformance.test.ts', 'packages/impl-file/test/conformance.test.ts']
const MAX_ROUNDS = 10_000
/** The part of a file's name by which tests with servers are recognised. They run with a vitest configuration of their own. */
const SERVER_TESTS = '.server'

export const usage = `Usage: npm run repeat -- ROUNDS [FILTER ...]

Runs test files again and again until a round fails. Each round has a new WAL_TEST_SEED.

ROUNDS   how many rounds, from 1 to ${MAX_ROUNDS}
FILTER   part of a test file's path, as vitest takes it. Without one, the conformance tests of memory and file run.
         A filter for tests that start servers must contain "${SERVER_TESTS}".

WAL_TEST_SEED, if it is set, is the seed of the first round.`

/** Reads from the command line which tests to repeat, and how often. Throws an error that says what is wrong with it. */
export function readArguments(words) {
  const { positionals } = parseArgs({ args: words, allowPositionals: true })
  const [rounds = '', ...filters] = positionals
  if (!/^[0-9]+$/.test(rounds) || Number(rounds) < 1 || Number(rounds) > MAX_ROUNDS)
    throw new Error(
      rounds === '' ? 'ROUNDS is missing.' : `"${rounds}" is not a number of rounds from 1 to ${MAX_ROUNDS}.`,
    )
  const servers = filters.filter((filter) => filter.includes(SERVER_TESTS)).length
  if (servers > 0 && servers < filters.length)
    throw new Error(
      `Tests that start servers and tests that do not cannot be repeated together: ${filters.join(' ')}`,
    )
  return {
    rounds: Number(rounds),
    filters: filters.length > 0 ? filters : CONFORMANCE,
    configuration: servers > 0 ? 'vitest.servers.config.ts' : 'vitest.config.ts',
  }
}
