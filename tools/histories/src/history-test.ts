import assert from 'node:assert/strict'
import { test } from 'vitest'
import { LEAST_HITS } from './faults/history-fault.js'
import type { HistoryScene } from './history-scene.js'
import { HistoryWorkload } from './load/history-workload.js'
import { APPENDS, PATIENCE_MS, SEED, TIMEOUT_MS } from './scale.js'

/**
 * Registers the test of one fault. `arrange` starts the servers, and adds to `closing` what has to be closed after the test, in
 * reverse order.
 */
export function historyTest(
  fault: string,
  arrange: (closing: AsyncDisposable[]) => Promise<HistoryScene>,
): void {
  test(`${APPENDS} appends, ${fault}: nothing lost, doubled or reordered, every outcome told`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    const closing: AsyncDisposable[] = []
    try {
      await runHistory(fault, await arrange(closing))
    } finally {
      for (const each of closing.reverse()) await each[Symbol.asyncDispose]()
    }
  })
}

/**
 * Runs the load with the fault. Rejects when the history breaks a rule, or when the fault did not have the effect that it must
 * have.
 */
export async function runHistory(title: string, scene: HistoryScene): Promise<HistoryWorkload> {
  const { fault } = scene
  const load = new HistoryWorkload({ ...scene, seed: SEED, appends: APPENDS, patienceMs: PATIENCE_MS })
  const began = performance.now()
  const say = (verdict: string) => {
    const seconds = Math.round((performance.now() - began) / 1000)
    console.log(`${title}: WAL_TEST_SEED=${SEED}: ${load.report()}, ${seconds} s: ${verdict}`)
  }
  try {
    await load.run()
  } catch (error) {
    say('broken')
    throw error
  }
  say('kept')
  const { counts } = load
  assert.equal(counts.appends, APPENDS)
  assert.ok(counts.unknown > 0, 'no outcome was unknown')
  const {
    'resolved as written': yes,
    'resolved as not written': no,
    'resolved as in a lost range': lost,
  } = counts
  assert.equal(yes + no + lost, counts.unknown)
  const { strikes = LEAST_HITS } = fault
  assert.ok(counts['faults that hit appends in flight'] >= Math.min(strikes, LEAST_HITS))
  fault.check?.(load)
  return load
}
