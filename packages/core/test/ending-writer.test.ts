import assert from 'node:assert/strict'
import { type Batch, propertyOf, type ScannerImpls } from '@wal/walimpls'
import { test } from 'vitest'
import { cleanLogs, open, pause, turn, within } from './harness.js'
import { overMemory } from './over-memory.js'
import { loseAllBut, storedRecords } from './stored-log.js'

cleanLogs()

/** Closed at first: who passes waits until it is opened. */
function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

test('H203: nothing is sent or acknowledged while a writer whose log lost its end looks for where reading goes on', async () => {
  const answers = new Map<string, Promise<void>>()
  let looking: Promise<void> | undefined
  const builder = overMemory((log) => ({
    append: async (batch: Batch) => {
      const ids = await log.append(batch)
      await answers.get(propertyOf(batch.messages[0]?.properties ?? [], 'name') ?? '')
      return ids
    },
    read(options): ScannerImpls {
      const scanner = log.read(options)
      const next = async () => {
        await looking
        return scanner.next()
      }
      return { ready: () => scanner.ready(), next, close: () => scanner.close() }
    },
  }))
  const wal = await open({ builder, timeTickMs: 60_000, budgetBytes: 16 << 20 })
  const append = (name: string, payload = new Uint8Array(1)) =>
    wal.append({ payload, properties: new Map([['name', name]]) })
  for (const each of ['1', '2', '3']) await append(each)
  loseAllBut(2)
  const [first, third, found] = [gate(), gate(), gate()]
  answers.set('first', first.opened).set('third', third.opened)
  // The record takes the place of a lost one. It counts, so its append is acknowledged, and then the writer ends.
  const acknowledged = append('first')
  await turn()
  // So large that each is sent at once, though others are on their way.
  const large = new Uint8Array(300 << 10)
  const onTheirWay = [append('second', large), append('third', large)]
  await pause(30)
  assert.equal(storedRecords().length, 5)
  first.open()
  await within(acknowledged)
  looking = found.opened
  third.open()
  const queued = append('queued', large)
  let settled = 0
  for (const each of [...onTheirWay, queued]) void each.catch(() => {}).then(() => settled++)
  await pause(30)
  assert.deepEqual([storedRecords().length, settled, wal.signal.aborted], [5, 0, false])
  found.open()
  for (const each of onTheirWay)
    await assert.rejects(within(each), { code: 'WAL_LOG_ROLLED_BACK', outcome: 'unknown' })
  await assert.rejects(within(queued), { code: 'WAL_LOG_ROLLED_BACK', outcome: 'not-written' })
})
