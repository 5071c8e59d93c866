import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { assertKept, namedRecord } from '@wal/conformance'
import { openWal, type ReadOnlyWAL } from '@wal/core'
import type { OpenerBuilderImpls } from '@wal/walimpls'
import { Waiting } from '../../../../packages/conformance/src/kit/waiting.js'
import { WorkloadHistory } from '../../../../packages/conformance/src/workload/workload-history.js'
import type { OldWriter } from './old-writer.js'

/** How many appends of the older writer are acknowledged before anything is done to it. */
const OLDER_ACKS = 30
/** How many records the newer writer stores while the older one is at work, and again when that one has ended. */
const NEWER_APPENDS = 30
/** How long the older writer may take to notice that it is fenced, in milliseconds. */
const PATIENCE_MS = 30_000

export interface Takeover {
  readonly older: OldWriter
  readonly builder: OpenerBuilderImpls
  /** The backend's options for the newer writer. */
  readonly backend: Readonly<Record<string, unknown>>
  /** Those for the reader that is there all the while. Others, so that the newer writer does not share its connections. */
  readonly reading: Readonly<Record<string, unknown>>
  /** Whether the older writer has done what it has to do before anything is done to it. Default: it has appended some records. */
  ready?(): boolean
  /** Whether nothing is read until the end, since the older writer truncates. */
  readonly unread?: boolean
  /** What happens while only the older writer is there. */
  before(): Promise<void>
  /** What happens when the newer writer is there. The older one has to be at work after it. */
  after?(): Promise<void>
}

/**
 * An older writer is at work, something happens to it or to the broker, and a newer one takes over. The history checker judges
 * what both and the readers saw. Resolves with the ids of the newer writer's acknowledged records.
 */
export async function takeover(parts: Takeover): Promise<readonly string[]> {
  const { older, builder, backend, reading } = parts
  const url = `${builder.name}:`
  const open = { builder, channel: older.channel, fenceCheckMs: 100 }
  const waiting = new Waiting()
  const logs: ReadOnlyWAL[] = []
  try {
    const story = new WorkloadHistory(older.history, waiting)
    await older.process.until(parts.ready ?? (() => older.acks >= OLDER_ACKS))
    const reader = await openWal(url, { ...open, backend: reading, accessMode: 'ro' })
    logs.push(reader)
    if (!parts.unread) story.read({ name: 'live', log: reader })
    await parts.before()
    const wal = await openWal(url, { ...open, backend })
    logs.push(wal)
    const newer = story.opened(wal)
    const append = async (name: string) => {
      const failure = await story.append(newer, [{ name, record: namedRecord(name, 200) }])
      assert.equal(failure, undefined)
    }
    await append('newer-first')
    await parts.after?.()
    for (let i = 0; i < NEWER_APPENDS; i++) await append(`newer-${i}`)
    const late = sleep(PATIENCE_MS, 'late', { ref: false })
    const end = await Promise.race([older.process.ended(), late])
    assert.notEqual(end, 'late', `the older writer goes on after ${older.acks} acknowledged records`)
    assert.equal(older.process.exitCode, 0, older.process.complaints)
    assert.equal(older.ending, 'WAL_FENCED')
    for (let i = 0; i < NEWER_APPENDS; i++) await append(`newer-again-${i}`)
    for (const [token, names] of older.tokens) story.tokens.set(token, names)
    const clean = await openWal(url, { ...open, backend, accessMode: 'ro' })
    logs.push(clean)
    await story.complete(newer, clean, wal)
    const history = older.history.merged()
    assertKept(history, builder.messageIds)
    return history.events.flatMap((event) =>
      event.kind === 'append-ok' && !event.append.startsWith('older') ? [event.id] : [],
    )
  } finally {
    waiting.end()
    await older.process.kill()
    await Promise.all(logs.map((log) => log.close()))
  }
}
