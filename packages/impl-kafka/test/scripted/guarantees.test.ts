import { expect, test } from 'vitest'
import { CHANNEL, ScriptedLog } from './scripted-log.js'

async function warningsOf(brokers: number, minInSync: number): Promise<string> {
  const log = new ScriptedLog({ brokers })
  log.cluster.make(
    CHANNEL,
    new Map([
      ['min.insync.replicas', String(minInSync)],
      ['unclean.leader.election.enable', 'false'],
    ]),
  )
  const reader = await (await log.opener()).openReadOnly(CHANNEL)
  return reader.guarantees.warnings.join()
}

test('a log on one broker is warned of, with the remedy', async () => {
  expect(await warningsOf(1, 1)).toMatch(/one replica.*kafka-reassign-partitions/)
})

test('a log whose records are acknowledged by one of three brokers is warned of, with the remedy', async () => {
  expect(await warningsOf(3, 1)).toMatch(/one of 3 brokers.*Set min.insync.replicas to 2/)
})

test('a log whose records are acknowledged by two of three brokers has no warning', async () => {
  expect(await warningsOf(3, 2)).toBe('')
})

test('a foreign transaction that was left open is warned of from the open on', async () => {
  const log = new ScriptedLog()
  const { partition } = log.cluster.make(CHANNEL)
  partition.foreign(['before'])
  for (const [producerId, baseSequence] of [
    [7n, 0],
    [8n, 0],
  ] as const)
    partition.foreign(['open'], { producerId, producerEpoch: 0, baseSequence, transactional: true })
  await log.pass(6_000)
  const { guarantees } = await (await log.opener()).openReadOnly(CHANNEL)
  expect(guarantees.warnings.join()).toMatch(/transaction is open since record 1.*producer id 7/)
  partition.endTransaction(7n, 'abort')
  partition.endTransaction(8n, 'commit')
  const again = await (await log.opener()).openReadOnly(CHANNEL)
  expect(again.guarantees.warnings.join()).not.toMatch(/transaction/)
})
