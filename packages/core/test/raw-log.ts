import { memoryBuilder } from '@wal/core/testing'
import {
  batchOf,
  encodeInt64,
  encodeUint64,
  type StoredMessage,
  systemRuntime,
  type WireMessage,
} from '@wal/walimpls'
import { onTestFinished } from 'vitest'

interface RecordParts {
  readonly payload?: string
  readonly term?: number
  readonly incarnation?: string
  readonly timeTick: bigint
  readonly type?: number
  readonly opening?: boolean
  readonly previousTick?: string
}

/**
 * Writes records directly to the store, without adaptor and fence: records as a backend may hold that has no fence or lost
 * it. Each append is a batch of its own, stored in the name of the writer that is current in the store.
 */
export async function rawLog(channel = 'log') {
  const builder = memoryBuilder()
  const options = { name: 'default', maxRecordBytes: 1 << 24, maxInFlightBatches: 4 }
  const opener = await builder.build(options as never, systemRuntime)
  onTestFinished(() => opener.close())
  const reading = await opener.openReadOnly(channel)

  const all = async (): Promise<StoredMessage[]> => {
    const last = await reading.last()
    const found: StoredMessage[] = []
    const scanner = reading.read({ start: 'oldest', maxBytes: 1 << 20 })
    while (last !== undefined) {
      const batch = (await scanner.next()) ?? []
      for (const each of batch) found.push(each)
      if (builder.messageIds.compare(found.at(-1)?.id as never, last.id as never) >= 0) break
    }
    await scanner.close()
    return found
  }
  const property = (record: WireMessage, key: string): string => {
    const at = record.properties.indexOf(key)
    return at < 0 ? '' : (record.properties[at + 1] as string)
  }
  const last = async () => (await all()).at(-1) as StoredMessage
  const writer = await last()
  const current = { term: Number(property(writer, '_wt')), incarnation: property(writer, '_wi') }

  return {
    count: 0,
    all,
    property,
    /** The writer of the record with this payload. */
    async writerOf(payload: string) {
      const record = (await all()).find((each) => Buffer.from(each.payload).toString() === payload)
      if (record === undefined) throw new Error(`no record ${payload}`)
      return {
        term: Number.parseInt(property(record, '_wt'), 36),
        incarnation: property(record, '_wi'),
        previousTick: property(record, '_pt'),
      }
    },
    record(parts: RecordParts): WireMessage {
      const { payload = '', term = current.term, incarnation = current.incarnation, type = 1000 } = parts
      const properties = ['_v', '1', '_t', String(type), '_wt', encodeInt64(BigInt(term)), '_wi', incarnation]
      properties.push('_tt', encodeUint64(parts.timeTick), '_lcs', '', '_pt', parts.previousTick ?? '')
      if (parts.opening) properties.push('_op', '')
      return { payload: Buffer.from(payload), properties }
    },
    /** Stores in the name of the store's current writer, so no fence refuses the record. */
    async append(record: WireMessage): Promise<void> {
      store(channel, record)
    },
  }
}

/** Stores directly in the memory store. */
function store(channel: string, message: WireMessage): void {
  const key = Symbol.for('@wal/walimpls/memory')
  const stores = (globalThis as unknown as Record<symbol, Map<string, Map<string, RawStore>>>)[key]
  const log = stores?.get('default')?.get(channel)
  if (log?.writer === undefined) throw new Error(`no log ${channel}`)
  log.store(batchOf(2e12 + copies++, [message]), log.writer)
}

let copies = 0

interface RawStore {
  readonly writer: object | undefined
  store(batch: object, writer: object): number
}
