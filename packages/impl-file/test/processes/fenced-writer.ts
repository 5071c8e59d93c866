import { openWal, WalError } from '@wal/core'
import '@wal/impl-file'

/**
 * Appends with several in flight until it is fenced. Prints `open TERM`, `ack N`, and at the end `append rejected CODE
 * OUTCOME` and `signal CODE`.
 */
const [path = '', channel = '', name = ''] = process.argv.slice(2)
const wal = await openWal(`file:${path}`, { channel })
process.stdout.write(`open ${wal.channel.term}\n`)
wal.signal.addEventListener('abort', () => process.stdout.write(`signal ${wal.signal.reason.code}\n`))

let n = 0
async function appendUntilFenced(): Promise<void> {
  while (!wal.signal.aborted) {
    const mine = ++n
    try {
      await wal.append({
        payload: Buffer.alloc(100),
        properties: new Map([
          ['from', name],
          ['n', String(mine)],
        ]),
      })
      process.stdout.write(`ack ${mine}\n`)
    } catch (error) {
      if (!WalError.isInstance(error)) throw error
      process.stdout.write(`append rejected ${error.code} ${(error as { outcome?: string }).outcome}\n`)
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
await Promise.all(Array.from({ length: 8 }, appendUntilFenced))
await wal.close()
