import { openWal, WalError } from '@wal/core'
import '@wal/impl-file'
import { type File, systemRuntime } from '@wal/walimpls'
import { watchResidentSet } from './resident-set.js'

/**
 * `load COUNT`: appendAll of so many small records. `flood TURNS`: 1,000 un-awaited appends in each turn of the event
 * loop, every one caught. `slow-flood`: the same on a disk that takes 50 ms a write. Prints one line of JSON with what happened and the largest resident set that was seen.
 */
const [path = '', mode = '', amount = '0'] = process.argv.slice(2)
const MIB = 1 << 20
const measured = watchResidentSet()

/** The real file system with a pause before every write. */
const slowDisk = {
  ...systemRuntime,
  files: {
    ...systemRuntime.files,
    async open(...parameters: Parameters<typeof systemRuntime.files.open>): Promise<File> {
      const file = await systemRuntime.files.open(...parameters)
      return {
        ...file,
        async writeDurably(bytes, position) {
          await new Promise((resolve) => setTimeout(resolve, 50))
          await file.writeDurably(bytes, position)
        },
      }
    },
  },
}
const runtime = mode === 'slow-flood' ? slowDisk : systemRuntime

const wal = await openWal(`file:${path}`, { runtime, channel: 'memory', budgetBytes: 64 * MIB })
const payload = Buffer.alloc(100, 1)
const outcomes: Record<string, number> = {}
const count = (outcome: string): void => {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
}

if (mode === 'load') {
  function* source() {
    for (let i = 0; i < Number(amount); i++) yield { payload, vchannel: `v${i % 4}` }
  }
  for await (const _ of wal.appendAll(source())) count('acked')
} else {
  let open = 0
  const settled = (outcome: string): void => {
    open--
    count(outcome)
  }
  for (let turn = 0; turn < Number(amount); turn++) {
    for (let i = 0; i < 1000; i++) {
      open++
      wal.append({ payload }).then(
        () => settled('acked'),
        (error) =>
          settled(
            WalError.isInstance(error) ? `${error.code} ${(error as { outcome?: string }).outcome}` : 'other',
          ),
      )
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  while (open > 0) await new Promise((resolve) => setTimeout(resolve, 10))
}
await wal.barrier()
await wal.close()
process.stdout.write(`${JSON.stringify({ mode, outcomes, ...measured() })}\n`)
