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
