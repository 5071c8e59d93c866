import assert from 'node:assert/strict'
import { OldWriter, takeover } from '@wal/histories'
import type { OpenerBuilderImpls } from '@wal/walimpls'
import { kafkaBuilder } from '../../src/builder.js'
import { messageIds } from '../../src/records/message-id.js'
import { LAST_EPOCH } from '../../src/write/producer.js'
import type { RawLog } from '../raw-log.js'
import type { OldWriterTask } from './old-writer-task.js'

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
  const { pauseAfter, truncates } = task
  const older = new OldWriter(new URL('./old-writer.ts', import.meta.url), {
    clockBehindMs: 0,
    ...task,
    address,
  })
  const acked = await takeover({
    older,
    builder: kafkaBuilder as OpenerBuilderImpls,
    backend: { hosts: [address] },
    reading: { hosts: [address], pollMs: 100 },
    ...(pauseAfter !== undefined && { ready: () => older.pausing }),
    ...(truncates && { unread: true }),
    before: () => round.before(older),
    after: async () => round.after?.(older),
  })
  return judgeHeaders(raw, older, acked.map(offsetOf))
}

function offsetOf(id: string): number {
  return messageIds.numberOf(messageIds.parse(id))
}

/** Reads from the broker who stored what, and where. */
async function judgeHeaders(
  raw: RawLog,
  older: OldWriter,
  newerAcked: readonly number[],
): Promise<TakeoverVerdict> {
  const headers = await raw.headers(older.channel)
  const olderAcked = older.acked.map(offsetOf)
  const batchOf = (offset: number) =>
    headers.find(({ baseOffset, lastOffset }) => baseOffset <= offset && offset <= lastOffset)
  const lastOfOlder =
    batchOf(olderAcked.reduce((last, offset) => Math.max(last, offset), -1)) ??
    assert.fail('the last record of the older writer is gone')
  const newer =
    batchOf(Math.min(...newerAcked)) ?? assert.fail('the first record of the newer writer is gone')
  const sameWriter = (a: typeof newer, b: typeof newer) =>
    a.producerId === b.producerId && a.producerEpoch === b.producerEpoch
  assert.ok(!sameWriter(newer, lastOfOlder), 'both writers have the same producer id and epoch')
  const first =
    headers.find((header) => sameWriter(header, newer) || header.producerEpoch === LAST_EPOCH) ??
    assert.fail('the newer writer stored nothing')
  const behind = olderAcked.filter((offset) => offset > first.baseOffset)
  assert.deepEqual(behind, [], 'records of the older writer were acknowledged behind the newer one’s first')
  const stored = headers.filter((each) => sameWriter(each, lastOfOlder) && each.baseOffset > first.baseOffset)
  return {
    storedBehind: stored.reduce((sum, { count }) => sum + count, 0),
    otherId: newer.producerId !== lastOfOlder.producerId,
  }
}
