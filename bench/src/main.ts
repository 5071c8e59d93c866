import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compareAll } from './against/compare-all.js'
import { markdownAgainst } from './against/report.js'
import { CaseUnavailable } from './bench-case.js'
import { findCases } from './find-cases.js'
import { markdown } from './report.js'
import { type CaseResult, runCase } from './runner.js'

const here = fileURLToPath(new URL('.', import.meta.url))

const { values, positionals } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    // `tools/bench.mjs` turns the option `--against` into two: the clone of the repository, and the commit that is built in it.
    commit: { type: 'string' },
    clone: { type: 'string' },
  },
  allowPositionals: true,
})
const { cases, broken } = await findCases(join(here, 'cases'))
for (const { file, reason } of broken) throw new Error(`bench/src/cases/${file} can't be loaded: ${reason}`)
const chosen = cases.filter(({ name }) => positionals.every((word) => name.includes(word)))
if (chosen.length === 0) {
  console.error(
    `No case has "${positionals.join('" and "')}" in its name. Cases: ${cases.map(({ name }) => name).join('; ')}`,
  )
  process.exit(2)
}
const options = {
  rounds: Number(values.rounds),
  quick: values.quick,
  progress: (text: string) => console.error(text),
}
const { commit, clone } = values
if (commit === undefined || clone === undefined) {
  const results: CaseResult[] = []
  const left: string[] = []
  for (const bench of chosen) {
    try {
      results.push(await runCase(bench, options))
    } catch (error) {
      if (!(error instanceof CaseUnavailable)) throw error
      left.push(`Did not run: ${bench.name}. ${error.message}`)
    }
  }
  await save('', [markdown(results), ...left].join('\n'), { results, left })
} else {
  const folders = { here, there: join(clone, 'bench/src/'), ownThere: join(clone, 'bench/src-own/cases') }
  const comparison = await compareAll(chosen, cases, folders, { ...options, scratch: clone })
  await save(`-against-${commit.slice(0, 12)}`, markdownAgainst(commit, comparison), {
    commit,
    ...comparison,
  })
}

/** Prints the table, and writes it to a file together with all measurements. */
async function save(suffix: string, table: string, measured: object): Promise<void> {
  console.log(table)
  const folder = join(here, '../results')
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${new Date().toISOString().replaceAll(':', '-')}${suffix}`)
  const all = { node: process.version, quick: values.quick, ...measured }
  await writeFile(`${path}.json`, `${JSON.stringify(all, null, 2)}\n`)
  await writeFile(`${path}.md`, `${table}\n`)
}
