import assert from 'node:assert/strict'
import { test } from 'vitest'
import { cleanLogs, collect, message, open, within } from '../harness.js'
import { loseAllBut } from '../stored-log.js'

cleanLogs()

test('H211: a scanner of the writer’s own WAL at a position that the log lost rejects', async () => {
  const wal = await open({ timeTickMs: 60_000, fenceCheckMs: 60_000 })
  for (const each of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await wal.append(message(each))
  const { position = '' } = (await collect(wal.read({ until: 'end' }))).at(-1) ?? {}
  loseAllBut(3)
  const scanners = [wal.read({ after: position }), wal.read({ from: position, until: 'end' })]
  for (const scanner of scanners)
    await assert.rejects(within(scanner.next(), 10_000), { code: 'WAL_LOG_ROLLED_BACK', known: position })
})
