import { parseArgs } from 'node:util'
import { install, seconds } from './bootstrap.mjs'
import { commandLine } from './command-line.mjs'
import { judgeAll } from './mutants/judge-all.mjs'
import { mutants } from './mutants/list.mjs'

const usage = `Usage: npm run test:mutants -- [FILTER ...]

Breaks the product in one small way after another, in a copy, and expects a named test file to fail each time.

FILTER   part of a mutant's name, or of the path of the file that the mutant changes. Without one, all mutants run.`

/** Chooses the mutants that the command line asks for. Throws an error that says what is wrong with it. */
function readArguments(words) {
  const { positionals: filters } = parseArgs({ args: words, allowPositionals: true })
  const fits = ({ name, file }) => filters.some((filter) => name.includes(filter) || file.includes(filter))
  const picked = filters.length === 0 ? mutants : mutants.filter(fits)
  if (picked.length === 0) throw new Error(`No mutant's name or file contains "${filters.join('" or "')}".`)
  return picked
}

const picked = commandLine(usage, readArguments)
if (picked !== undefined && (await install())) {
  const started = Date.now()
  const { rows, ok } = await judgeAll(picked)
  console.table(Object.fromEntries(rows.map(row)))
  const caught = rows.filter(({ verdict }) => verdict === 'caught').length
  console.log(`${caught} of ${picked.length} mutants caught in ${seconds(started)}`)
  process.exitCode = ok ? 0 : 1
}

/** The table's row for a mutant. */
function row({ mutant, verdict, by, time }) {
  const firstToFail = by.length > 70 ? `${by.slice(0, 69)}…` : by
  const harness = mutant.harness.replace(/^packages\//, '')
  return [mutant.name, { verdict, harness, 'first test to fail': firstToFail, time }]
}
