import assert from 'node:assert/strict'
import { test } from 'vitest'
import { cleanLogs, faulty, message, open, openReader, texts } from './harness.js'

cleanLogs()

test('a truncation during the open of the next writer is kept, and the open succeeds', async () => {
  const old = await open()
  const first = await old.append(message('first'))
  await old.truncate(first.position)
  await old.append(message('second'))

  // The newer writer has read the log's end, and is about to open the log in the backend. Then the older writer truncates
  // further.
  const backend = faulty()
  let letGo = () => {}
  let looked = () => {}
  const isOpening = new Promise<void>((resolve) => {
    looked = resolve
  })
  const until = new Promise<void>((resolve) => {
    letGo = resolve
  })
  backend.plan = {
    script: {
      open: ({ number }) => {
        if (number > 1) return undefined
        looked()
        return { until }
      },
    },
  }
  const opening = open({ builder: backend.builder })
  await isOpening
  const third = await old.append(message('third'))
  await old.append(message('fourth'))
  await old.truncate(third.position)
  letGo()
  const successor = await opening
  await successor.append(message('fifth'))

  const reader = await openReader()
  assert.deepEqual(await texts(reader.read({ until: 'end' })), ['fourth', 'fifth'])
  assert.deepEqual(await texts(successor.read({ until: 'end' })), ['fourth', 'fifth'])
})
