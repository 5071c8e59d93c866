import { memoryBuilder } from '@wal/core/testing'
import {
  MESSAGE_TYPE,
  readEnvelope,
  reservedPropertyMap,
  type StoredMessage,
  systemRuntime,
  type TimeTick,
} from '@wal/walimpls'

export interface ExpectedRecord {
  readonly timeTick: TimeTick
  readonly isTick: boolean
  readonly vchannel: string
  readonly payload: string
  /** The properties of the library. */
  readonly reserved: ReadonlyMap<string, string>
  /** The ids of all stored copies of the message. A delivery may have any of them. */
  readonly ids: Set<string>
}

export interface ExpectedLog {
  readonly records: readonly ExpectedRecord[]
  readonly storedDuplicates: number
}

/** The messages that every reader has to deliver, from the stored bytes by the rules of docs/semantics/writers.md. */
export async function expectedLog(name: string, channel: string): Promise<ExpectedLog> {
  const counted = new Map<TimeTick, ExpectedRecord>()
  let current = { term: -1, incarnation: '' }
  let newest = -1n
  let storedDuplicates = 0
  for (const { id, text, payload, reserved, envelope } of await storedRecords(name, channel)) {
    const { term, incarnation, timeTick } = envelope
    const isCurrent = term === current.term && incarnation === current.incarnation
    const replaces = term > current.term || (term === current.term && envelope.opening && timeTick > newest)
    if (!isCurrent && !replaces) throw new Error(`record ${text} is void, and the memory backend does fence`)
    current = { term, incarnation }
    const copyOf = counted.get(timeTick)
    if (copyOf !== undefined) {
      copyOf.ids.add(text)
      storedDuplicates++
    } else if (timeTick > newest) {
      newest = timeTick
      counted.set(timeTick, {
        timeTick,
        isTick: envelope.type === MESSAGE_TYPE.TimeTick,
        vchannel: envelope.vchannel,
        payload,
        reserved,
        ids: new Set([text]),
      })
    } else if (!envelope.opening)
      // An opening record may have a lower time tick: its writer then saw what the writer before had added, and stored another one.
      throw new Error(`record ${id} has a time tick that falls and is no copy`)
  }
  return { records: [...counted.values()], storedDuplicates }
}

async function storedRecords(name: string, channel: string) {
  const builder = memoryBuilder()
  const opener = await builder.build(
    { name, maxRecordBytes: 1 << 24, maxInFlightBatches: 4 } as never,
    systemRuntime,
  )
  try {
    const log = await opener.openReadOnly(channel)
    const last = await log.last()
    const scanner = log.read({ start: 'oldest', maxBytes: 1 << 20 })
    const stored: StoredMessage[] = []
    for (
      let batch = await scanner.next();
      batch !== undefined && batch.length > 0;
      batch = await scanner.next()
    )
      for (const each of batch) stored.push(each)
    if (last === undefined || stored.at(-1) === undefined) throw new Error('the log is empty')
    return stored.map(({ id, payload, properties }) => ({
      id,
      text: builder.messageIds.serialise(id as never),
      payload: Buffer.from(payload).toString(),
      reserved: reservedPropertyMap(properties),
      envelope: readEnvelope(properties, () => 'a stored record'),
    }))
  } finally {
    await opener.close()
  }
}
