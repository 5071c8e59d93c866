import { memoryBuilder } from '@wal/core/testing'
import {
  batchOf,
  encodeInt64,
  encodeUint64,
  MESSAGE_TYPE,
  systemRuntime,
  type WireMessage,
} from '@wal/walimpls'
import { onTestFinished } from 'vitest'

export interface ForeignParts {
  readonly timeTick: number
  readonly text?: string
  readonly tick?: boolean
  readonly term?: number
  readonly vchannel?: string
  readonly type?: number
  /**
   * The number of the record from which on everything above this record's time tick is stored. Default: the record's own
   * number.
   */
  readonly lastConfirmed?: number
  readonly more?: readonly string[]
}

export function foreignRecord(parts: ForeignParts): WireMessage {
  const { text = '', timeTick, tick = false, term = 1, vchannel, lastConfirmed, more = [] } = parts
  const type = tick ? MESSAGE_TYPE.TimeTick : (parts.type ?? 2)
  const properties = ['_v', '2', '_t', String(type), '_wt', encodeInt64(BigInt(term))]
  properties.push('_tt', encodeUint64(BigInt(timeTick)), ...more)
  if (vchannel !== undefined) properties.push('_vc', vchannel)
  if (lastConfirmed === undefined) properties.push('_lcs', '')
  else properties.push('_lc', lastConfirmed.toString(36))
  return { payload: Buffer.from(text), properties }
}

/** Writes a log as another system does: without this library's properties, in any order. */
export async function foreignLog(channel = 'log') {
  const options = { name: 'default', maxRecordBytes: 1 << 24, maxInFlightBatches: 4 }
  const opener = await memoryBuilder().build(options as never, systemRuntime)
  onTestFinished(() => opener.close())
  const log = await opener.open(channel, { term: 0, incarnation: 'another' })
  let sequence = 0
  return {
    async append(...records: readonly ForeignParts[]): Promise<void> {
      if (records.length === 0) return
      await log.append(batchOf(sequence++, records.map(foreignRecord)))
    },
    async appendAsIs(...messages: readonly WireMessage[]): Promise<void> {
      await log.append(batchOf(sequence++, messages))
    },
    /** Removes all records below the one with this number. */
    truncate: (number: number) => log.truncate(memoryBuilder().messageIds.parse(number.toString(36))),
  }
}
