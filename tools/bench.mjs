import { readArguments, usage } from './bench/arguments.mjs'
import { scratchClone } from './bench/scratch-clone.mjs'
import { say } from './bootstrap.mjs'
import { commandLine } from './command-line.mjs'
import { runTypeScript } from './run-typescript.mjs'

const given = commandLine(usage, readArguments)
if (given !== undefined) await bench(given)

async function bench({ commit, quick, rounds, words }) {
  const rest = [...(quick ? ['--quick'] : []), '--rounds', rounds, ...words]
  if (commit === undefined) return runTypeScript('bench', rest)
  const clone = await scratchClone(commit)
  if (clone.problem !== undefined) return say(`✘ ${clone.problem}`)
  return runTypeScript('bench', [...rest, '--commit', clone.hash, '--clone', clone.folder])
}
