import assert from 'node:assert/strict'
import { AppendError } from '@wal/walimpls'
import { test } from 'vitest'
import { cleanLogs, message, open, openReader, pause, texts, within } from './harness.js'
import { overMemory } from './over-memory.js'
import { type Gates, gate, gatedBuilder } from './resolve/gated.js'
import { storedLog } from './stored-log.js'

cleanLogs()

/** A log of a, b, c, d, and an append that the backend delays until `letGo`. Later appends wait behind it. */
async function behindAStuckAppend() {
  const gates: Gates = {}
  const builder = gatedBuilder(gates)
  const wal = await open({ timeTickMs: 60_000, appendTimeoutMs: 60, builder })
  const positions: string[] = []
  for (const each of ['a', 'b', 'c', 'd']) positions.push((await wal.append(message(each))).position)
  const stuck = gate()
  gates.before = stuck
  const waiting = wal.append(message('stuck'), { timeoutMs: 60_000 })
  await pause(5)
  const letGo = async () => {
    gates.before = undefined
    stuck.open()
    await waiting
  }
  return { wal, positions: positions as [string, string, string, string], letGo }
}

const refused = { code: 'WAL_TIMEOUT', outcome: 'not-written' }
const everything = ['a', 'b', 'c', 'd', 'stuck', 'e']

test('H195: after several truncations that were refused together the log begins where it did before', async () => {
  for (const order of [
    [0, 2],
    [2, 0],
    [1, 1],
  ] as const) {
    const { wal, positions, letGo } = await behindAStuckAppend()
    const truncations = []
    for (const at of order) {
      truncations.push(assert.rejects(wal.truncate(positions[at]), refused))
      await pause(5)
    }
    await within(Promise.all(truncations))
    await letGo()
    await wal.append(message('e'))
    await wal.barrier()
    const seen = await texts((await openReader()).read({ until: 'end' }))
    assert.deepEqual(seen.slice(-6), everything, String(order))
    await wal.truncate((await wal.append(message('last'))).position)
  }
})

test('a time tick that was made during a truncation does not name its position when the truncation is refused', async () => {
  const { wal, positions, letGo } = await behindAStuckAppend()
  const truncated = assert.rejects(wal.truncate(positions[2]), refused)
  await pause(5)
  // This time tick is asked for while the truncation waits, and has a later deadline.
  const barrier = wal.barrier({ timeoutMs: 60_000 })
  await within(truncated)
  await letGo()
  await wal.append(message('e'))
  await within(barrier)
  assert.deepEqual(await texts((await openReader()).read({ until: 'end' })), everything)
})

test('when one of two truncations is refused, the log begins at the position of the other', async () => {
  const { wal, positions, letGo } = await behindAStuckAppend()
  const first = wal.truncate(positions[0])
  first.catch(() => {})
  await pause(40)
  const second = wal.truncate(positions[1])
  await assert.rejects(within(first), refused)
  await letGo()
  await within(second)
  await wal.append(message('e'))
  for (const log of [wal, await openReader()])
    assert.deepEqual(await texts(log.read({ until: 'end' })), ['c', 'd', 'stuck', 'e'])
})

test('H196: a truncation that freed storage before it was refused stays, and its error does not say not-written', async () => {
  let full = false
  const builder = overMemory((log) => ({
    append: async (batch) => {
      if (!full) return log.append(batch)
      throw new AppendError('WAL_STORAGE_FULL', 'out of room', { outcome: 'not-written' })
    },
  }))
  const wal = await open({ timeTickMs: 60_000, appendTimeoutMs: 300, builder })
  const positions: string[] = []
  for (const each of ['a', 'b', 'c']) positions.push((await wal.append(message(each))).position)
  await wal.barrier()
  for (const each of ['d', 'e']) positions.push((await wal.append(message(each))).position)
  full = true
  const waiting = wal.append(message('f'), { timeoutMs: 60_000 })
  waiting.catch(() => {})
  const error = await within(wal.truncate(positions[3] as string)).catch((reason: AppendError) => reason)
  assert.ok(storedLog().oldest > 1, 'something was freed')
  assert.equal((error as AppendError).code, 'WAL_TIMEOUT')
  assert.equal((error as AppendError).outcome, 'unknown')
  full = false
  await waiting
  await wal.barrier()
  // The log knows where it begins. A reader at "a" is told of the truncation, and no reader that records were lost.
  for (const log of [wal, await openReader()]) {
    assert.deepEqual(await texts(log.read({ until: 'end' })), ['e', 'f'])
    const behind = log.read({ after: positions[0] as string, gaps: 'deliver', until: 'end' })
    const gap = (await behind.next()).value
    assert.equal(gap?.kind === 'gap' && gap.reason, 'truncated')
    await behind.close()
  }
})
