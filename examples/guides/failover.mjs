import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { openWal } from '@wal/core'
import '@wal/impl-file'

// Two processes, one writer at a time: the one that opens later takes over, and the earlier one is told.
const open = () => openWal('file:./data', { channel: 'jobs' })
const message = (text) => ({ payload: new TextEncoder().encode(text) })

if (process.argv[2] === 'first') {
  const wal = await open()
  await wal.append(message('from the first process'))
  process.send?.('ready')
  try {
    for (;;) await wal.append(message('still the first process'))
  } catch (error) {
    // Nothing of this process counts from here on. It stops being the writer.
    console.log('first:', error.code)
  }
  await wal.close()
} else {
  const first = fork(fileURLToPath(import.meta.url), ['first'])
  await once(first, 'message')
  const wal = await open()
  await wal.append(message('from the second process'))
  await once(first, 'exit')
  let last
  for await (const { payload } of wal.read({ until: 'end' })) last = new TextDecoder().decode(payload)
  console.log('last:', last)
  await wal.close()
}
