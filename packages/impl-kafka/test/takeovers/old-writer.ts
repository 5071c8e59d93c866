import { invoked, namedRecord, notAcked, written } from '@wal/conformance'
import { type AppendError, type AppendResult, openWal, type WAL } from '@wal/core'
import { systemRuntime } from '@wal/walimpls'
import type { EventBody } from '../../../conformance/src/history/history-event.js'
import { sharedNanoseconds } from '../../../conformance/src/processes/merged-history.js'
import { kafkaBuilder } from '../../src/builder.js'
import type { OldWriterLine, OldWriterTask } from './old-writer-task.js'

/** The program of the older writer: it appends until it is fenced, and prints the history of that. */

/** So many loops append at the same time, so that appends are in flight when the process is stopped. */
const LOOPS = 8

const task = JSON.parse(process.argv[2] ?? '') as OldWriterTask

function say(line: OldWriterLine): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(line)}\n`, () => resolve()))
}

const note = (event: EventBody, token?: string) =>
  say({ event, at: `${sharedNanoseconds()}`, ...(token === undefined ? {} : { token }) })

const clock = { ...systemRuntime, now: () => systemRuntime.now() - task.clockBehindMs }
const wal: WAL = await openWal('kafka:', {
  ...{ builder: kafkaBuilder, backend: { hosts: [task.address] }, channel: task.channel },
  ...{ fenceCheckMs: 100, runtime: clock },
})
const writer = { term: wal.channel.term, incarnation: 'older' }
wal.signal.addEventListener('abort', () => void note({ kind: 'fenced', writer }), { once: true })
await note({ kind: 'opened', writer })

let next = 0
let ended = false

async function append(): Promise<AppendResult | undefined> {
  const name = `older-${next++}`
  const record = namedRecord(name, 30 + ((next * 37) % 900))
  // Tells of the append before it begins, so that no stored message is without a name in the history.
  await note(invoked(name, writer, record))
  try {
    const result = await wal.append(record)
    await note(written(name, result))
    return result
  } catch (error) {
    ended = true
    const { code, token } = error as AppendError
    await note(notAcked(name, error as Parameters<typeof notAcked>[1]), token)
    await say({ ended: code })
    return undefined
  }
}

async function work(most: number): Promise<void> {
  const loop = async () => {
    while (!ended && next < most) await append()
  }
  await Promise.all(Array.from({ length: LOOPS }, loop))
}

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
  const last = await append()
  if (last === undefined) throw new Error('the append before the truncation failed')
  const timeTick = `${last.timeTick}`
  await note({ kind: 'truncate-invoked', timeTick })
  await wal.truncate(last.position)
  await note({ kind: 'truncated', timeTick })
}

if (task.pauseAfter !== undefined) {
  await work(task.pauseAfter)
  if (task.truncates) await truncateAllButTheLast()
  const going = toldToGoOn()
  await say({ pausing: true })
  await going
}
await work(Number.POSITIVE_INFINITY)
await wal.close()
