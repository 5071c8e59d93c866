/** The conformance kit on the backends that need no server. */
const CONFORMANCE = ['packages/core/test/conformance.test.ts', 'packages/impl-file/test/conformance.test.ts']
const MAX_ROUNDS = 10_000
/** In the name of a file whose tests start servers; those have a configuration of their own. */
const SERVER_TESTS = '.server'

export const usage = `usage: npm run repeat -- ROUNDS [FILTER…]
  ROUNDS   1 to ${MAX_ROUNDS}; it ends at the first that fails
  FILTER   as vitest takes it: part of a test file's path; the conformance tests of memory and file when not said.
           Tests that start servers: all of them have "${SERVER_TESTS}" in it
  Each round has a new WAL_TEST_SEED; one that is set already is the first round's.`

/** `{ rounds, filters, configuration }`, or `{ problem }`, for the user. */
export function readArguments([text = '', ...filters]) {
  const rounds = Number(text)
  if (!/^[0-9]+$/.test(text) || rounds < 1 || rounds > MAX_ROUNDS)
    return {
      problem: `how many rounds? ${text === '' ? 'nothing was said' : `"${text}" is no such number`}`,
    }
  const option = filters.find((filter) => filter.startsWith('-'))
  if (option !== undefined) return { problem: `"${option}": options are not passed on` }
  const servers = filters.filter((filter) => filter.includes(SERVER_TESTS)).length
  if (servers > 0 && servers < filters.length)
    return { problem: `tests with and without servers can't be repeated together: ${filters.join(' ')}` }
  return {
    rounds,
    filters: filters.length > 0 ? filters : CONFORMANCE,
    configuration: servers > 0 ? 'vitest.servers.config.ts' : 'vitest.config.ts',
  }
}
