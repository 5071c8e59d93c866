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
import { pulsarBuilder } from '../../src/builder.js'
import type { PulsarOptions } from '../../src/driver/options.js'
import { comparePlaces } from '../../src/driver/place.js'
import { messageIds } from '../../src/records/message-ids.js'
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
  /** How the process said that it ended. */
  ending: string | undefined
  readonly channel = `takeover-${randomBytes(6).toString('hex')}`
  readonly history = new MergedHistory()
  readonly tokens = new Map<string, readonly string[]>()
  /** The ids of its acknowledged records. */
  readonly acked: string[] = []
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
    if ('ended' in line) this.ending = line.ended
    else {
      const { event, at, token } = line
      this.history.add(event, BigInt(at))
      if (event.kind === 'append-invoked') this.inFlight++
      else if (event.kind.startsWith('append-')) this.inFlight--
      if (event.kind === 'append-ok') {
        this.acks++
        this.acked.push(event.id)
      }
      if (event.kind === 'append-unknown' && token !== undefined) this.tokens.set(token, [event.append])
    }
  }
}

export interface TakeoverRound {
  readonly options: PulsarOptions
  readonly raw: RawLog
  /** What happens while only the older writer is there. */
  before(older: OldWriter): Promise<void>
  /** What happens when the newer writer is there. The older one has to be at work after it. */
  after(older: OldWriter): Promise<void>
}

/**
 * An older writer is at work, something happens to it, and a newer one takes over. The history checker judges what both and the
 * readers saw, and the stored entries have to say the same. Answers how many records of the older writer the broker stored
 * behind the newer one's first.
 */
export async function takeoverRound({ options, raw, before, after }: TakeoverRound): Promise<number> {
  const waiting = new Waiting()
  const logs: ReadOnlyWAL[] = []
  const older = new OldWriter({ options })
  const open = { builder: pulsarBuilder, backend: { ...options }, channel: older.channel, fenceCheckMs: 100 }
  try {
    const story = new WorkloadHistory(older.history, waiting)
    await older.process.until(() => older.acks >= OLDER_ACKS)
    // By other options, so that the newer writer does not share the connections of this reader, which a round may break.
    const reading = { ...open, backend: { ...options, keepAliveMs: 5_000 } }
    const reader = await openWal('pulsar:', { ...reading, accessMode: 'ro' })
    logs.push(reader)
    story.read({ name: 'live', log: reader })
    await before(older)
    const wal = await openWal('pulsar:', open)
    logs.push(wal)
    const newer = story.opened(wal)
    const append = async (name: string) => {
      const failure = await story.append(newer, [{ name, record: namedRecord(name, 200) }])
      assert.equal(failure, undefined)
    }
    await append('newer-first')
    await after(older)
    for (let i = 0; i < NEWER_APPENDS; i++) await append(`newer-${i}`)
    const late = sleep(PATIENCE_MS, 'late', { ref: false })
    const end = await Promise.race([older.process.ended(), late])
    assert.notEqual(end, 'late', `the older writer goes on after ${older.acks} acknowledged records`)
    assert.equal(older.process.exitCode, 0, older.process.complaints)
    assert.equal(older.ending, 'WAL_FENCED')
    for (let i = 0; i < NEWER_APPENDS; i++) await append(`newer-again-${i}`)
    for (const [token, names] of older.tokens) story.tokens.set(token, names)
    const clean = await openWal('pulsar:', { ...open, accessMode: 'ro' })
    logs.push(clean)
    await story.complete(newer, clean, wal)
    const history = older.history.merged()
    assertKept(history, messageIds)
    const newerAcked = history.events.flatMap((event) =>
      event.kind === 'append-ok' && !event.append.startsWith('older') ? [event.id] : [],
    )
    return await judgeEntries(raw, older, newerAcked)
  } finally {
    waiting.end()
    await older.process.kill()
    await Promise.all(logs.map((log) => log.close()))
  }
}

/** Reads from the broker who stored what, and where. */
async function judgeEntries(raw: RawLog, older: OldWriter, newerAcked: readonly string[]): Promise<number> {
  const entries = await raw.entries(older.channel)
  const producerOf = (id: string) => {
    const place = messageIds.parse(id)
    const entry = entries.find((each) => comparePlaces(each.place, place) === 0)
    return entry?.producer ?? assert.fail(`no entry of a named producer has the record ${id}`)
  }
  const newer = new Set(newerAcked.map(producerOf))
  const old = new Set(older.acked.map(producerOf))
  assert.deepEqual([newer.size, old.size], [1, 1], 'a writer stored its entries under several names')
  const first = entries.find(({ producer }) => newer.has(String(producer)))?.place ?? assert.fail()
  const behind = older.acked.filter((id) => comparePlaces(messageIds.parse(id), first) > 0)
  assert.deepEqual(behind, [], 'records of the older writer were acknowledged behind the newer one’s first')
  return entries
    .filter(({ producer, place }) => old.has(String(producer)) && comparePlaces(place, first) > 0)
    .reduce((sum, { count }) => sum + count, 0)
}
