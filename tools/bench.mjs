import { scratchClone } from './bench/scratch-clone.mjs'
import { splitArguments, usage } from './bench/split-arguments.mjs'
import { say } from './bootstrap.mjs'
import { runTypeScript } from './run-typescript.mjs'

process.exitCode = 1
const { commit, rest, problem } = splitArguments(process.argv.slice(2))
if (problem !== undefined) say(`${problem}\n${usage}`)
else if (commit === undefined) await runTypeScript('bench', rest)
else {
  const clone = await scratchClone(commit)
  if (clone.problem !== undefined) say(`✘ ${clone.problem}`)
  else await runTypeScript('bench', [...rest, '--commit', clone.hash, '--clone', clone.folder])
}
