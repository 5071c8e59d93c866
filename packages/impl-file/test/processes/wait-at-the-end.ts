import type { openWal as OpenWal } from '@wal/core'

/**
 * Reads a log to its end and waits for more, with nothing else left to do. SIGTERM closes the log: a handler of a signal
 * keeps no process alive. `accessMode` is the reader's; `rw` reads the writer's own tail.
 */
export async function waitAtTheEnd(openWal: typeof OpenWal, url: string, accessMode: string): Promise<void> {
  const wal = await openWal(url, { channel: 'waiting' })
  await wal.append({ payload: Buffer.from('only') })
  const reader = accessMode === 'ro' ? await openWal(url, { channel: 'waiting', accessMode }) : wal
  const scanner = reader.read()
  process.once('SIGTERM', async () => {
    await wal.close()
    if (reader !== wal) await reader.close()
    console.log('closed')
  })
  for await (const message of scanner) {
    console.log(Buffer.from(message.payload).toString())
    void scanner.caughtUp().then(() => console.log('waiting'))
  }
  console.log('the loop ended')
}
