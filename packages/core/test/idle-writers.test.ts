import assert from 'node:assert/strict'
import { simulatedRuntime } from '@wal/walimpls/testing'
import { onTestFinished, test } from 'vitest'
import { openWal } from '../src/index.js'
import { cleanLogs, message } from './harness.js'
import { overMemory } from './over-memory.js'

cleanLogs()

test('H166: a hundred idle writers ask their backend at different moments, and more rarely the longer they are idle', async () => {
  const time = simulatedRuntime({ seed: 3 })
  const asked: number[] = []
  const builder = overMemory((log) => ({
    last: (waits) => {
      asked.push(time.elapsedMs)
      return log.last(waits)
    },
  }))
  const wals = await time.run(
    Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        openWal('memory:', { channel: `log-${i}`, builder, runtime: time }),
      ),
    ),
  )
  onTestFinished(() => time.run(Promise.all(wals.map((wal) => wal.close()))).then(() => {}))
  asked.length = 0
  await time.advance(120_000)
  const late = asked.filter((at) => at >= 60_000)
  // By then each writer reads the log's end every 8 to 16 s. If it did so every second, there would be 6,000 calls.
  assert.ok(late.length >= 300 && late.length <= 800, `${late.length} questions in the second minute`)
  const slots = new Map<number, number>()
  for (const at of asked) slots.set(Math.floor(at / 50), (slots.get(Math.floor(at / 50)) ?? 0) + 1)
  assert.ok(Math.max(...slots.values()) <= 20, `${Math.max(...slots.values())} questions in 50 ms`)

  asked.length = 0
  await time.run(Promise.all(wals.map((wal) => wal.append(message('x')))))
  await time.advance(1000)
  assert.ok(asked.length >= 100, `${asked.length} questions in the second after an append`)
})
