import assert from 'node:assert/strict'
import { type BackendUnderTest, type PartName, runConformance } from '@wal/conformance'
import { AppendError } from '@wal/walimpls'
import { test } from 'vitest'
import { openWal } from '../../src/index.js'
import { brokenBuilder } from '../broken-backends/broken-builder.js'
import { brokenCopies } from '../broken-backends/broken-copies.js'
import { brokenHoles } from '../broken-backends/broken-holes.js'
import { brokenIdlers } from '../broken-backends/broken-idlers.js'

const brokenOnes = [...brokenCopies, ...brokenHoles, ...brokenIdlers]

/** The names of the tests of a part that the broken backend with this name fails. */
async function failedBy(name: RegExp, part: PartName): Promise<string[]> {
  const broken = brokenOnes.find((each) => name.test(each.name)) ?? assert.fail(`no backend ${name}`)
  const backend = { openWal, options: { name: 'broken' }, patienceMs: 5000, ...broken }
  const results = await runConformance(backend, [part])
  return results.filter(({ error }) => error !== undefined).map((each) => each.name)
}

test('H189: a backend whose readers do not notice that other records got the ids of theirs fails the part lost-end', async () => {
  const live = await failedBy(/^reads on when another record/, 'lost-end')
  const tails = 'a reader that tails is told that the log lost its end before it is given another record'
  assert.ok(live.includes(tails), live.join())
  const restarted = await failedBy(/^gives out from memory/, 'lost-end')
  const cut = 'a reader whose connection was cut meanwhile is told that the log lost its end'
  assert.ok(restarted.includes(cut), restarted.join())
})

test('H190: a backend that takes a log and its copy for one log fails the part restored-copy', async () => {
  const first =
    'a copy that is opened for writing in the same process does not end the original’s writer, and both can append'
  for (const name of [/^has one log for each channel/, /^gives all its logs one place/]) {
    const failed = await failedBy(name, 'restored-copy')
    assert.ok(failed.includes(first), failed.join())
  }
})

test('H192: a backend that waits at a hole, or reads on behind it without an error, fails the part holes', async () => {
  const first =
    'a scanner gives the records before a hole, then rejects and names the first record behind it, from which the rest is read'
  const names = [
    /^waits at a hole/,
    /^takes a hole for the end/,
    /^passes over a hole/,
    /^names the log’s first record/,
    /^does not say where/,
    /^tells of a hole before/,
  ]
  const failed = await Promise.all(names.map((name) => failedBy(name, 'holes')))
  for (const [i, name] of names.entries()) assert.ok(failed[i]?.includes(first), `${name}: ${failed[i]}`)
  const emptied = await failedBy(/^takes a log that lost every record/, 'holes')
  const all = 'a log all of whose records were removed rejects last() and every scanner'
  assert.ok(emptied.includes(all), emptied.join())
})

test('H193: a backend that forgets an idle writer sooner than it says, or without saying so, fails the part idle', async () => {
  for (const { name } of brokenIdlers)
    assert.equal((await failedBy(new RegExp(`^${name}$`), 'idle')).length, 1, name)
})

test('the part disturbed fails when its hook breaks nothing, and when a backend never has an unknown outcome', async () => {
  const options = { name: 'broken' }
  const failure = async (backend: Pick<BackendUnderTest, 'builder'>): Promise<string> => {
    const given = { openWal, options, disturb: () => {}, patienceMs: 20_000, ...backend }
    const [first] = await runConformance(given, ['disturbed'])
    return String(first?.error)
  }
  assert.match(await failure({ builder: brokenBuilder({}) }), /No append failed at any strike/)
  let appends = 0
  const refusing = brokenBuilder({
    writer: (wal) => ({
      append(batch) {
        if (++appends % 8 !== 0) return wal.append(batch)
        return Promise.reject(new AppendError('WAL_UNAVAILABLE', 'reset', { outcome: 'not-written' }))
      },
    }),
  })
  // Batches behind the refused one must not be stored, so this backend takes one batch at a time.
  const single = brokenBuilder(
    { log: (log) => ({ limits: { ...log.limits, maxInFlightBatches: 1 } }) },
    refusing,
  )
  assert.match(await failure({ builder: single }), /In 150 strikes no batch had an unknown outcome/)
})
