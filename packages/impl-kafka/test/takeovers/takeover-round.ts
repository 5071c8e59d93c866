import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { assertKept, namedRecord } from '@wal/conformance'
import { openWal, type ReadOnlyWAL } from '@wal/core'
import { Waiting } from '../../../conformance/src/kit/waiting.js'
import { LineProcess } from '../../../conformance/src/processes/line-process.js'
import { MergedHistory } from '../../../conformance/src/processes/merged-history.js'
import { WorkloadHistory } from '../../../conformance/src/workload/workload-history.js'
import { kafkaBuilder } from '../../src/builder.js'
import { messageIds } from '../../src/records/message-id.js'
import { LAST_EPOCH } from '../../src/write/producer.js'
import type { RawLog } from '../raw-log.js'
import type { OldWriterLine, OldWriterTask } from './old-writer-task.js'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** How many appends of the older writer are acknowledged before anything is done to it. */
const OLDER_ACKS = 30
/** How many records the newer writer stores while the older one is at work, and again when that one has ended. */
const NEWER_APPENDS = 30
/** How long the older writer may take to notice that it is fenced, in milliseconds. */
const PATIENCE_MS = 30_000

/** The older of two writers of one log, in a process of its own. */
export class OldWriter {
  acks = 0
  /** How many appends have no outcome yet. */
  inFlight = 0
  pausing = false
  /** How the process said that it ended. */
  ending: string | undefined
  readonly channel = `takeover-${randomBytes(6).toString('hex')}`
  readonly history = new MergedHistory()
  readonly tokens = new Map<string, readonly string[]>()
  /** The ids of its acknowledged records. */
  readonly acked: number[] = []
  readonly process: LineProcess

  constructor(task: Omit<OldWriterTask, 'channel'>) {
    const program = fileURLToPath(new URL('./old-writer.ts', import.meta.url))
    this.process = new LineProcess(
      {
        args: ['--import', 'tsx', program, JSON.stringify({ ...task, channel: this.channel })],
        cwd: root,
        env: { TSX_TSCONFIG_PATH: `${root}tsconfig.json` },
      },
      (line) => this.#hear(JSON.parse(line) as OldWriterLine),
    )
  }

  #hear(line: OldWriterLine): void {
    if ('pausing' in line) this.pausing = true
    else if ('ended' in line) this.ending = line.ended
    else {
      const { event, at, token } = line
      this.history.add(event, BigInt(at))
      if (event.kind === 'append-invoked') this.inFlight++
      else if (event.kind.startsWith('append-')) this.inFlight--
      if (event.kind === 'append-ok') {
        this.acks++
        this.acked.push(messageIds.numberOf(messageIds.parse(event.id)))
      }
      if (event.kind === 'append-unknown' && token !== undefined) this.tokens.set(token, [event.append])
    }
  }
}

export interface TakeoverRound {
  readonly address: string
  readonly raw: RawLog
  /** What the older writer's process is given. */
  readonly task?: Omit<OldWriterTask, 'channel' | 'address' | 'clockBehindMs'> & {
    readonly clockBehindMs?: number
  }
  /** What happens while only the older writer is there. */
  before(older: OldWriter): Promise<void>
  /** What happens when the newer writer is there. The older one has to be at work after it. */
  after?(older: OldWriter): Promise<void>
}

/** What a round showed. */
export interface TakeoverVerdict {
  /** How many records of the older writer the broker stored behind the newer one's first. None of them was acknowledged. */
  readonly storedBehind: number
  /** Whether the coordinator gave the newer writer another producer id. */
  readonly otherId: boolean
}

/**
 * An older writer is at work, something happens to it or to the broker, and a newer one takes over. The history checker judges what both
 * and the readers saw, and the headers of the stored batches have to say the same.
 */
export async function takeoverRound(round: TakeoverRound): Promise<TakeoverVerdict> {
  const { address, raw, task = {} } = round
  const waiting = new Waiting()
  const logs: ReadOnlyWAL[] = []
  const older = new OldWriter({ clockBehindMs: 0, ...task, address })
  const open = {
    builder: kafkaBuilder,
    backend: { hosts: [address] },
    channel: older.channel,
    fenceCheckMs: 100,
  }
  try {
    const story = new WorkloadHistory(older.history, waiting)
    await older.process.until(() =>
      task.pauseAfter === undefined ? older.acks >= OLDER_ACKS : older.pausing,
    )
    // By other options, so that the newer writer does not share the connections of this reader, which a round may break.
    const reading = { ...open, backend: { ...open.backend, pollMs: 100 } }
    const reader = await openWal('kafka:', { ...reading, accessMode: 'ro' })
    logs.push(reader)
    if (!task.truncates) story.read({ name: 'live', log: reader })
    await round.before(older)
    const wal = await openWal('kafka:', open)
    logs.push(wal)
    const newer = story.opened(wal)
    const newerAcked: number[] = []
    const append = async (name: string) => {
      const failure = await story.append(newer, [{ name, record: namedRecord(name, 200) }])
      assert.equal(failure, undefined)
    }
    await append('newer-first')
    await round.after?.(older)
    for (let i = 0; i < NEWER_APPENDS; i++) await append(`newer-${i}`)
    const late = sleep(PATIENCE_MS, 'late', { ref: false })
    const end = await Promise.race([older.process.ended(), late])
    assert.notEqual(end, 'late', `the older writer goes on after ${older.acks} acknowledged records`)
    assert.equal(older.process.exitCode, 0, older.process.complaints)
    assert.equal(older.ending, 'WAL_FENCED')
    for (let i = 0; i < NEWER_APPENDS; i++) await append(`newer-again-${i}`)
    for (const [token, names] of older.tokens) story.tokens.set(token, names)
    const clean = await openWal('kafka:', { ...open, accessMode: 'ro' })
    logs.push(clean)
    await story.complete(newer, clean, wal)
    const history = older.history.merged()
    assertKept(history, messageIds)
    for (const event of history.events)
      if (event.kind === 'append-ok' && !event.append.startsWith('older'))
        newerAcked.push(messageIds.numberOf(messageIds.parse(event.id)))
    return await judgeHeaders(raw, older, newerAcked)
  } finally {
    waiting.end()
    await older.process.kill()
    await Promise.all(logs.map((log) => log.close()))
  }
}

/** Reads from the broker who stored what, and where. */
async function judgeHeaders(
  raw: RawLog,
  older: OldWriter,
  newerAcked: readonly number[],
): Promise<TakeoverVerdict> {
  const headers = await raw.headers(older.channel)
  const batchOf = (offset: number) =>
    headers.find(({ baseOffset, lastOffset }) => baseOffset <= offset && offset <= lastOffset)
  const lastOfOlder =
    batchOf(older.acked.reduce((last, offset) => Math.max(last, offset), -1)) ??
    assert.fail('the last record of the older writer is gone')
  const newer =
    batchOf(Math.min(...newerAcked)) ?? assert.fail('the first record of the newer writer is gone')
  const sameWriter = (a: typeof newer, b: typeof newer) =>
    a.producerId === b.producerId && a.producerEpoch === b.producerEpoch
  assert.ok(!sameWriter(newer, lastOfOlder), 'both writers have the same producer id and epoch')
  const first =
    headers.find((header) => sameWriter(header, newer) || header.producerEpoch === LAST_EPOCH) ??
    assert.fail('the newer writer stored nothing')
  const behind = older.acked.filter((offset) => offset > first.baseOffset)
  assert.deepEqual(behind, [], 'records of the older writer were acknowledged behind the newer one’s first')
  const stored = headers.filter((each) => sameWriter(each, lastOfOlder) && each.baseOffset > first.baseOffset)
  return {
    storedBehind: stored.reduce((sum, { count }) => sum + count, 0),
    otherId: newer.producerId !== lastOfOlder.producerId,
  }
}
