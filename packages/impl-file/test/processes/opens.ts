import { getEventListeners } from 'node:events'
import { mustGetBuilder, openWal } from '@wal/core'
import { resetMemory } from '@wal/core/testing'
import '@wal/impl-file'
import { countHeapClasses } from './heap-classes.js'

/**
 * Opens, appends, reads and closes, again and again, and prints what is left at some points on the way and at its end. It
 * says nothing of ending: the process ends when nothing keeps it alive. `leak` keeps one small object of each open.
 */
const [url = '', amount = '1', points = '1', leak = ''] = process.argv.slice(2)
const opens = Number(amount)
const betweenPoints = Math.ceil(opens / Number(points))
const kept: object[] = []
const payload = Buffer.alloc(100, 7)
const { signal } = new AbortController()
let warnings = 0
process.on('warning', () => warnings++)

for (let i = 1; i <= opens; i++) {
  const wal = await openWal(url, { channel: 'opens', signal })
  const reader = await openWal(url, { channel: 'opens', accessMode: 'ro', signal })
  const waiting = wal.read({ deliver: 'latest', signal }).next()
  const { position } = await wal.append({ payload }, { signal })
  for await (const _ of reader.read({ from: position, until: 'end', signal }));
  await waiting
  await wal.close()
  await reader.close()
  if (leak !== '') kept.push({ i })
  if (i % 50 === 0) await forget()
  if (i % betweenPoints === 0 || i === opens) await report(i)
}

/** A log grows with every writer. This removes that growth, since the test measures everything else. */
async function forget(): Promise<void> {
  if (url.startsWith('memory:')) return resetMemory()
  const opener = await mustGetBuilder('file').build({ path: url.slice('file:'.length) })
  await opener.delete('opens')
  await opener.close()
}

async function report(done: number): Promise<void> {
  const classes = await countHeapClasses()
  // Requests to the file system are not counted: they end by themselves, and the TypeScript loader makes some. Handles and timers are.
  let resources = activeResources()
  while (Object.keys(resources).some((name) => name.startsWith('FSReq'))) {
    await new Promise((resolve) => setImmediate(resolve))
    resources = activeResources()
  }
  console.log(
    JSON.stringify({
      done,
      classes,
      resources,
      listeners: getEventListeners(signal, 'abort').length,
      processListeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
      warnings,
    }),
  )
}

function activeResources(): Record<string, number> {
  const resources: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1
  return resources
}
