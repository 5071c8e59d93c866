import { say, seconds } from '../bootstrap.mjs'
import { runHarness } from './run-harness.mjs'
import { WorkingCopy } from './working-copy.mjs'

const AT_ONCE = 2

/**
 * Runs every test file first on the unchanged sources, where it has to pass, and then with each of its mutants, where it has to
 * fail. `ok` says whether all did.
 */
export async function judgeAll(mutants) {
  const copies = Array.from({ length: AT_ONCE }, () => new WorkingCopy())
  const harnesses = [...new Set(mutants.map(({ harness }) => harness))]
  say(`▸ ${harnesses.length} test files without a mutant`)
  const rejected = new Set()
  await eachOf(harnesses, copies, async (harness, copy) => {
    const started = Date.now()
    const { result, output } = await runHarness(copy, harness)
    say(`${result === 'green' ? '✔' : '✘'} ${harness} (${seconds(started)})`)
    if (result === 'green') return
    rejected.add(harness)
    say(output)
  })

  say(`▸ ${mutants.length} mutants`)
  const rows = new Array(mutants.length)
  await eachOf([...mutants.keys()], copies, async (index, copy) => {
    const mutant = mutants[index]
    const started = Date.now()
    const judged = rejected.has(mutant.harness)
      ? { verdict: 'not judged', by: 'fails without the mutant' }
      : await judge(mutant, copy)
    rows[index] = { mutant, ...judged, time: seconds(started) }
    say(`${judged.verdict === 'caught' ? '✔' : '✘'} ${mutant.name}: ${judged.verdict} (${rows[index].time})`)
  })
  return { rows, ok: rows.every(({ verdict }) => verdict === 'caught') }
}

async function judge(mutant, copy) {
  let remove
  try {
    remove = copy.put(mutant)
  } catch (error) {
    say(error.message)
    return { verdict: 'does not apply', by: '' }
  }
  try {
    const { result, by, output } = await runHarness(copy, mutant.harness)
    if (result === 'broken') say(output)
    return { verdict: { red: 'caught', green: 'SURVIVED', broken: 'does not load' }[result], by }
  } finally {
    remove()
  }
}

/** Every working copy takes the next item when it is done with the last. */
async function eachOf(items, copies, work) {
  const queue = [...items]
  await Promise.all(
    copies.map(async (copy) => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item, copy)
    }),
  )
}
