import { parseArgs } from 'node:util'

export const usage = `Usage: npm run bench -- [--quick] [--rounds N] [--against COMMIT] [WORD ...]

Measures each case beside its peer, in turn, and prints the ratios.

WORD               part of a case's name. Only cases whose names have every given word are measured.
--quick            fewer operations in each round
--rounds N         rounds that count, 5 without this option
--against COMMIT   measures the working tree beside that commit, not beside each case's peer`

/** Checks the command line before anything is installed or built. Throws an error that says what is wrong. */
export function readArguments(words) {
  const { values, positionals, tokens } = parseArgs({
    args: words,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      against: { type: 'string' },
    },
    allowPositionals: true,
    tokens: true,
  })
  if (!/^[1-9][0-9]*$/.test(values.rounds)) throw new Error(`"${values.rounds}" is not a number of rounds.`)
  if (tokens.filter(({ name }) => name === 'against').length > 1)
    throw new Error('--against may be given once.')
  if (values.against === '') throw new Error('--against needs a commit.')
  return { commit: values.against, quick: values.quick, rounds: values.rounds, words: positionals }
}
