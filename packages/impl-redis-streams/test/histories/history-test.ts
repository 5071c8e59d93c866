import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { openWal } from '@wal/core'
import { test } from 'vitest'
import { redisStreamsBuilder } from '../../src/builder.js'
import type { RedisStreamsOptions } from '../../src/client/options.js'
import { type HistoryPlan, HistoryWorkload } from './history-workload.js'
import { APPENDS, PATIENCE_MS, SEED, TIMEOUT_MS } from './scale.js'

export interface HistoryScene extends Pick<HistoryPlan, 'strike' | 'heal' | 'mayLose'> {
  readonly writerOptions: RedisStreamsOptions
  readonly readerOptions: RedisStreamsOptions
  readonly inFlight?: number
  readonly strikes?: number
}

/** A fault that must have struck every history so often. */
export const LEAST_HITS = 20

/** Registers the test of one kind of fault. `arrange` starts the servers, and hands what is to be stopped to `stack`. */
export function historyTest(
  fault: string,
  arrange: (closing: AsyncDisposable[]) => Promise<HistoryScene>,
  check: (workload: HistoryWorkload) => void = () => {},
): void {
  test(`${APPENDS} appends, ${fault}: nothing lost, doubled or reordered, every outcome told`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    const closing: AsyncDisposable[] = []
    try {
      const {
        writerOptions,
        readerOptions,
        inFlight = 64,
        strikes = LEAST_HITS,
        ...scene
      } = await arrange(closing)
      const channel = `history-${randomBytes(6).toString('hex')}`
      const open = { channel, builder: redisStreamsBuilder }
      const workload = new HistoryWorkload({
        ...scene,
        seed: SEED,
        appends: APPENDS,
        inFlight,
        strikes,
        patienceMs: PATIENCE_MS,
        openWriter: () => openWal('redis-streams:', { ...open, backend: { ...writerOptions } }),
        openReader: () =>
          openWal('redis-streams:', { ...open, backend: { ...readerOptions }, accessMode: 'ro' }),
      })
      const began = performance.now()
      const say = (verdict: string) =>
        console.log(
          `${fault}: WAL_TEST_SEED=${SEED}: ${workload.report()}, ${Math.round((performance.now() - began) / 1000)} s: ${verdict}`,
        )
      try {
        await workload.run()
      } catch (error) {
        say('broken')
        throw error
      }
      say('kept')
      const { counts } = workload
      assert.equal(counts.appends, APPENDS)
      assert.ok(counts.unknown > 0, 'no outcome was unknown')
      const {
        'resolved as written': yes,
        'resolved as not written': no,
        'resolved as in a lost range': lost,
      } = counts
      assert.equal(yes + no + lost, counts.unknown)
      assert.ok(counts['faults that hit appends in flight'] >= Math.min(strikes, LEAST_HITS))
      check(workload)
    } finally {
      for (const each of closing.reverse()) await each[Symbol.asyncDispose]()
    }
  })
}
