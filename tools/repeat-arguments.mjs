/** The conformance kit on the backends that need no server. */
const CONFORMANCE = ['packages/core/test/conformance.test.ts', 'packages/impl-file/test/conformance.test.ts']
const MAX_ROUNDS = 10_000

export const usage = `usage: npm run repeat -- ROUNDS [FILTER…]
  ROUNDS   1 to ${MAX_ROUNDS}; it ends at the first that fails
  FILTER   as vitest takes it: part of a test file's path; the conformance tests of memory and file when not said
  Each round has a new WAL_TEST_SEED; one that is set already is the first round's.`

/** `{ rounds, filters }`, or `{ problem }`, for the user. */
export function readArguments([text = '', ...filters]) {
  const rounds = Number(text)
  if (!/^[0-9]+$/.test(text) || rounds < 1 || rounds > MAX_ROUNDS)
    return {
      problem: `how many rounds? ${text === '' ? 'nothing was said' : `"${text}" is no such number`}`,
    }
  const option = filters.find((filter) => filter.startsWith('-'))
  if (option !== undefined) return { problem: `"${option}": options are not passed on` }
  return { rounds, filters: filters.length > 0 ? filters : CONFORMANCE }
}
