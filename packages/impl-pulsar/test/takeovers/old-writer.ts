import { openWal } from '@wal/core'
import { OldWriterProcess } from '@wal/histories'
import { pulsarBuilder } from '../../src/builder.js'
import type { OldWriterTask } from './old-writer-task.js'

/** The program of the older writer. */

const task = JSON.parse(process.argv[2] ?? '') as OldWriterTask

const wal = await openWal('pulsar:', {
  ...{ builder: pulsarBuilder, backend: { ...task.options }, channel: task.channel, fenceCheckMs: 100 },
})
const writer = await OldWriterProcess.begin(wal)
await writer.work()
await wal.close()
