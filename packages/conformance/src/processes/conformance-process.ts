import type { OpenerBuilderImpls } from '@wal/walimpls'
import { optionsFromUrl, parseBackendUrl } from '@wal/walimpls/helper'
import type { EventBody, HistoryWriterName } from '../history/history-event.js'
import type { AdaptorError, OpenWal } from '../kit/adaptor.js'
import { invoked, namedRecord, notAcked, written } from '../workload/history-recorder.js'
import { countedRecord } from './counted-record.js'
import { sharedNanoseconds } from './merged-history.js'
import type { ProcessLine, ProcessTask } from './process-task.js'

export interface ConformanceProcess {
  readonly openWal: OpenWal
  // biome-ignore lint/suspicious/noExplicitAny: takes every backend.
  readonly builder: OpenerBuilderImpls<any, any>
}

/** The number of loops that append at the same time, so that appends are in flight when the process is stopped or killed. */
const LOOPS = 8
const TRUNCATIONS = 20
const RECORDS_A_TRUNCATION = 25

/** The program of a child process of the kit. The module that the option `processes` names calls this and nothing else. */
export async function conformanceProcess(given: ConformanceProcess): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? '{}') as ProcessTask
  await say({ started: true })
  if (task.role === 'write') await write(given, task)
  else if (task.role === 'truncate') await appendAndTruncate(given, task)
  else if (task.role === 'look for a missing log') await lookForMissing(given, task)
  else await openAppendReadClose(given, task)
  // The process has to end by itself now. If something of the backend keeps it alive, the kit's test fails.
}

/** Prints a line. Resolves when the line has left this process, so that a kill after that cannot take the line back. */
function say(line: ProcessLine): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(line)}\n`, () => resolve()))
}

function optionsOf({ openWal, builder }: ConformanceProcess, task: ProcessTask) {
  const { options, channel } = task
  const backend = typeof options === 'string' ? optionsFromUrl(builder, parseBackendUrl(options)) : options
  return { openWal, url: `${builder.name}:`, more: { builder, backend, channel, fenceCheckMs: 100 } }
}

async function write(given: ConformanceProcess, task: ProcessTask): Promise<void> {
  const { openWal, url, more } = optionsOf(given, task)
  const wal = await openWal(url, more)
  const writer: HistoryWriterName = { term: wal.channel.term, incarnation: task.name }
  const note = (event: EventBody, token?: string) =>
    say({ event, at: `${sharedNanoseconds()}`, ...(token === undefined ? {} : { token }) })
  wal.signal.addEventListener('abort', () => void note({ kind: 'fenced', writer }), { once: true })
  await note({ kind: 'opened', writer })
  let next = 0
  let fenced = false
  const loop = async () => {
    while (!fenced) {
      const append = `${task.name}-${next++}`
      const record = namedRecord(append, 30 + ((next * 37) % 900))
      // Tells the parent process of the append before the append begins. Otherwise a kill could leave a stored message that no
      // history names.
      await note(invoked(append, writer, record))
      try {
        await note(written(append, await wal.append(record)))
      } catch (error) {
        fenced = true
        const { code, token } = error as AdaptorError
        await note(notAcked(append, error as AdaptorError), token)
        await say({ ended: code })
      }
    }
  }
  await Promise.all(Array.from({ length: LOOPS }, loop))
  await wal.close()
}

/** Appends records that are numbered from 0 and truncates the log twenty times, each time up to the last few records. */
async function appendAndTruncate(given: ConformanceProcess, task: ProcessTask): Promise<void> {
  const { openWal, url, more } = optionsOf(given, task)
  const wal = await openWal(url, more)
  await say({ ended: 'open' })
  let next = 0
  for (let round = 0; round < TRUNCATIONS; round++) {
    const positions: string[] = []
    for (let i = 0; i < RECORDS_A_TRUNCATION; i++)
      positions.push((await wal.append(countedRecord(next++))).position)
    const kept = round % 4
    const position = positions[positions.length - 1 - kept] as string
    await wal.truncate(position)
    await say({ truncated: position, oldest: next - kept })
  }
  await say({ ended: `${next} appended` })
  await wal.close()
}

async function lookForMissing(given: ConformanceProcess, task: ProcessTask): Promise<void> {
  const { openWal, url, more } = optionsOf(given, task)
  try {
    const log = await openWal(url, { ...more, accessMode: 'ro' })
    await say({ ended: 'found' })
    await log.close()
  } catch (error) {
    await say({ ended: String((error as AdaptorError).code) })
  }
}

async function openAppendReadClose(given: ConformanceProcess, task: ProcessTask): Promise<void> {
  const { openWal, url, more } = optionsOf(given, task)
  const wal = await openWal(url, more)
  const reader = await openWal(url, { ...more, accessMode: 'ro' })
  await Promise.all(Array.from({ length: 20 }, (_, i) => wal.append(namedRecord(`${task.name}-${i}`, 100))))
  const tails = [wal.read(), reader.read()]
  let read = 0
  for (const tail of tails) for (let i = 0; i < 20; i++) if (!(await tail.next()).done) read++
  // These two calls are waiting at the end of the log when the WALs are closed.
  const waiting = tails.map((tail) => tail.next())
  await wal.close()
  await reader.close()
  await Promise.all(waiting)
  await say({ ended: `${read} read` })
}
