import assert from 'node:assert/strict'
import { OldWriter, takeover } from '@wal/histories'
import type { OpenerBuilderImpls } from '@wal/walimpls'
import { pulsarBuilder } from '../../src/builder.js'
import type { PulsarOptions } from '../../src/driver/options.js'
import { comparePlaces } from '../../src/driver/place.js'
import { messageIds } from '../../src/records/message-ids.js'
import type { RawLog } from '../raw-log.js'

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
  const older = new OldWriter(new URL('./old-writer.ts', import.meta.url), { options })
  const acked = await takeover({
    older,
    builder: pulsarBuilder as OpenerBuilderImpls,
    backend: { ...options },
    reading: { ...options, keepAliveMs: 5_000 },
    before: () => before(older),
    after: () => after(older),
  })
  return judgeEntries(raw, older, acked)
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
