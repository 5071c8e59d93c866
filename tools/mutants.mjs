import { install, say, seconds } from './bootstrap.mjs'
import { judgeAll } from './mutants/judge-all.mjs'
import { mutants } from './mutants/list.mjs'
import { table } from './mutants/table.mjs'

const usage = `usage: npm run test:mutants -- [FILTER…]
  Breaks the product in one small way after another, in a copy, and expects the named test file to fail.
  FILTER   part of a mutant's name, or of the path that it changes; all mutants when not said`

process.exitCode = 1
const filters = process.argv.slice(2)
const fits = ({ name, file }) => filters.some((filter) => name.includes(filter) || file.includes(filter))
const picked = filters.length === 0 ? mutants : mutants.filter(fits)
if (picked.length === 0) say(`no mutant's name or file contains "${filters.join('" or "')}"\n${usage}`)
else if (await install()) {
  const started = Date.now()
  const { rows, ok } = await judgeAll(picked)
  console.log(`\n${table(rows)}\n`)
  const caught = rows.filter(({ verdict }) => verdict === 'caught').length
  console.log(`${caught} of ${picked.length} mutants caught in ${seconds(started)}`)
  process.exitCode = ok ? 0 : 1
}
