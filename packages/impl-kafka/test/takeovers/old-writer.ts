import { openWal } from '@wal/core'
import { OldWriterProcess } from '@wal/histories'
import { systemRuntime } from '@wal/walimpls'
import { kafkaBuilder } from '../../src/builder.js'
import type { OldWriterTask } from './old-writer-task.js'

/** The program of the older writer. */

const task = JSON.parse(process.argv[2] ?? '') as OldWriterTask

const clock = { ...systemRuntime, now: () => systemRuntime.now() - task.clockBehindMs }
const wal = await openWal('kafka:', {
  ...{ builder: kafkaBuilder, backend: { hosts: [task.address] }, channel: task.channel },
  ...{ fenceCheckMs: 100, runtime: clock },
})
const writer = await OldWriterProcess.begin(wal)

/** Resolves when the test sends SIGTERM. A timer keeps the process alive. */
function toldToGoOn(): Promise<void> {
  return new Promise((resolve) => {
    const alive = setInterval(() => {}, 1000)
    process.once('SIGTERM', () => {
      clearInterval(alive)
      resolve()
    })
  })
}

async function truncateAllButTheLast(): Promise<void> {
  const last = await writer.append()
  if (last === undefined) throw new Error('the append before the truncation failed')
  const timeTick = `${last.timeTick}`
  await writer.note({ kind: 'truncate-invoked', timeTick })
  await wal.truncate(last.position)
  await writer.note({ kind: 'truncated', timeTick })
}

if (task.pauseAfter !== undefined) {
  await writer.work(task.pauseAfter)
  if (task.truncates) await truncateAllButTheLast()
  const going = toldToGoOn()
  await writer.say({ pausing: true })
  await going
}
await writer.work()
await wal.close()
